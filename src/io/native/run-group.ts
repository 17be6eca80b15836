import { spawn } from 'node:child_process'
import type { DbmateResult } from '../dbmate/dbmate.ts'
import { endGroup } from '../host/shell.ts'

export type GroupOptions = {
  cwd: string
  /** All of it: nothing is inherited. */
  env: Record<string, string>
  /** Ends it, with all that it started. */
  signal: AbortSignal
  /** Ends it with this process, however that ends. */
  isBound: boolean
  /** What it writes to its stdout, as it comes. */
  onOutput?: ((text: string) => void) | undefined
}

const cannotRun = 127

/** For a group that is bound. */
export const shell = '/bin/sh'

/** Nobody writes to its stdin, which ends with whoever started it. The shell says nothing of its own. */
const bound = `exec 3<&0
"$@" </dev/null 3<&- &
pid=$!
exec 2>/dev/null
{ read -r _ <&3 || kill -KILL 0; } >/dev/null &
wait "$pid"`
/** A shell's exit code for a command that a signal ended is above this one. */
const bySignal = 128

/** A command in a process group of its own; `exitCode` is null when something ended it before it answered. */
export const runGroup = (
  file: string,
  args: readonly string[],
  { cwd, env, signal, isBound, onOutput }: GroupOptions,
): Promise<DbmateResult> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve({ exitCode: null, output: '' })
    const [first, ...rest] = isBound ? [shell, '-c', bound, 'po-migrate', file, ...args] : [file, ...args]
    const child = spawn(first, rest, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    if (!isBound) child.stdin.end()
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        text[name] += chunk
        if (name === 'stdout') onOutput?.(chunk)
      })
    const end = (): void => endGroup(child.pid)
    signal.addEventListener('abort', end)
    // Without its leader a group is nobody's: a wrapper that was killed leaves dbmate, which holds the pipes.
    child.once('exit', end)
    const finish = (exitCode: number | null, more = ''): void => {
      signal.removeEventListener('abort', end)
      resolve({ exitCode: signal.aborted ? null : exitCode, output: `${text.stdout}\n${text.stderr}${more}` })
    }
    child.once('error', (error) => finish(cannotRun, error.message))
    child.once('close', (code) => finish(isBound && (code ?? 0) > bySignal ? null : code))
  })
