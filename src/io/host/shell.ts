import { kill } from 'node:process'
import { AppError, exitCodes } from '../../errors.ts'
import { quoteAll } from '../../model/quote.ts'

export type ShellOptions = {
  /** The whole environment of the command: nothing is inherited. */
  env: Record<string, string | undefined>
  input?: string
  /** Ends it, with all that it started; it answers as if it had failed. */
  signal?: AbortSignal
  /** Called with every line of the command's stderr, as it comes. */
  onLine?: (line: string) => void
  /** Work, which takes as long as it takes; everything else has to answer. */
  isWork?: boolean
}

export type ShellResult = { exitCode: number; stdout: string; stderr: string }

/**
 * Runs a command without a shell, in a process group of its own, stdin closed. Never throws for an exit code.
 * @throws AppError (exit 6) for a command that does not answer in time.
 */
export type Shell = (file: string, args: readonly string[], options: ShellOptions) => Promise<ShellResult>

const notFound = 127
/** Seconds for what only asks: git, a credential helper, `docker compose config`. */
const answerWithin = 60

const late = (command: string): AppError =>
  new AppError(`${command} did not answer within ${answerWithin} s.`, {
    exitCode: exitCodes.unreachable,
    hint: command,
  })

/** With what it started itself: the docker CLI is a process above compose's. */
export const endGroup = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) kill(-pid, 'SIGKILL')
  } catch {
    // It ended by itself a moment ago.
  }
}

export const runShell: Shell = async (file, args, { env, input, signal, onLine, isWork = false }) => {
  // Loaded late: execa costs 90 ms, and most runs start no process.
  const { execa } = await import('execa')
  const limit = isWork ? undefined : AbortSignal.timeout(answerWithin * 1000)
  const given = [signal, limit].flatMap((one) => one ?? [])
  const ended = AbortSignal.any(given)
  const subprocess = execa(file, args, {
    env,
    extendEnv: false,
    reject: false,
    detached: true,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  })
  const end = (): void => endGroup(subprocess.pid)
  if (ended.aborted) end()
  ended.addEventListener('abort', end)
  try {
    if (onLine) for await (const line of subprocess.iterable({ from: 'stderr' })) onLine(line)
    const { exitCode, stdout, stderr, shortMessage } = await subprocess
    if (limit?.aborted) throw late(quoteAll([file, ...args]))
    return {
      exitCode: exitCode ?? notFound,
      stdout,
      stderr: stderr || (exitCode ? '' : (shortMessage ?? '')),
    }
  } finally {
    ended.removeEventListener('abort', end)
  }
}

/** `runShell`, whose commands end with this signal too. */
export const shellUntil =
  (stop: AbortSignal): Shell =>
  (file, args, { signal, ...options }) =>
    runShell(file, args, { ...options, signal: signal ? AbortSignal.any([signal, stop]) : stop })
