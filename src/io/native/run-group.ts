import { spawn } from 'node:child_process'
import type { DbmateResult } from '../dbmate/dbmate.ts'
import { endGroup } from '../host/shell.ts'

export type GroupOptions = {
  cwd: string
  /** All of it: nothing is inherited. */
  env: Record<string, string>
  /** Ends it, with all that it started. */
  signal: AbortSignal
}

const cannotRun = 127

/** A command in a process group of its own; `exitCode` is null when something ended it before it answered. */
export const runGroup = (
  file: string,
  args: readonly string[],
  { cwd, env, signal }: GroupOptions,
): Promise<DbmateResult> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve({ exitCode: null, output: '' })
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        text[name] += chunk
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
    child.once('close', (code) => finish(code))
  })
