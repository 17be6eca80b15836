import { statSync } from 'node:fs'
import type { Shell } from '../io/shell.ts'
import type { State } from '../model/state.ts'
import type { Check, Warning } from './check.ts'

export type StateFacts = {
  /** Answers the state directory, ready to write in. */
  requireState: () => State
  shell: Shell
  /** Where `flock` is looked for. */
  path: string | undefined
}

const everyone = 0o007

const checkState = (requireState: () => State): string | Warning => {
  const { root: state } = requireState()
  const mode = statSync(state).mode & 0o7777
  const shown = `${state}, mode ${mode.toString(8).padStart(4, '0')}`
  if (mode & everyone)
    return { warning: `${shown}, is open to everyone on this machine`, remedy: `chmod o-rwx ${state}` }
  return shown
}

/** Where a host's lock and its journals stand. */
export const stateChecks = ({ requireState, shell, path }: StateFacts): Check[] => [
  { title: 'state directory', run: () => checkState(requireState) },
  {
    title: 'host lock',
    needs: 'state directory',
    run: async () => {
      const { exitCode, stdout } = await shell('flock', ['--version'], { env: { PATH: path } })
      return exitCode === 0 ? stdout.trim() : 'no flock here: runs go without the lock of the host'
    },
  },
]
