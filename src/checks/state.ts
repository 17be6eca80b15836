import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { otherProjects } from '../io/projects.ts'
import type { Shell } from '../io/shell.ts'
import type { State } from '../model/state.ts'
import type { Check, Warning } from './check.ts'

export type StateFacts = {
  /** Answers the state directory, ready to write in. */
  requireState: () => State
  stateOf: () => State
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

/** Whose files are whose, and who else has some here. */
export const projectCheck = (stateOf: () => State): Check => ({
  title: 'project',
  run: () => {
    const state = stateOf()
    const others = otherProjects(state)
    const beside = others.length > 0 ? `; beside it in ${state.root}: ${others.join(', ')}` : ''
    const earlier = state.own.filter((id) => id !== state.project && existsSync(join(state.root, id)))
    const also = earlier.length > 0 ? `, and what stands in ${earlier.join(', ')}` : ''
    return `${state.project}, in ${state.directory}${also}${beside}`
  },
})

/** Where a host's lock and its journals stand. */
export const stateChecks = ({ requireState, stateOf, shell, path }: StateFacts): Check[] => [
  { title: 'state directory', run: () => checkState(requireState) },
  projectCheck(stateOf),
  {
    title: 'host lock',
    needs: 'state directory',
    run: async () => {
      const { exitCode, stdout } = await shell('flock', ['--version'], { env: { PATH: path } })
      return exitCode === 0 ? stdout.trim() : 'no flock here: runs go without the lock of the host'
    },
  },
]
