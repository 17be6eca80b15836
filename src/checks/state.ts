import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import { acquireHostLock, flockRemedy } from '../io/host/host-lock.ts'
import { otherProjects } from '../io/host/projects.ts'
import type { Holder } from '../model/holder.ts'
import type { State } from '../model/state.ts'
import { type Check, fail, type Warning } from './check.ts'

export type StateFacts = {
  /** Answers the state directory, ready to write in. */
  requireState: () => State
  stateOf: () => State
  holder: Holder
  /** Where `flock` is looked for. */
  path: string | undefined
  /** Whether others depend on the host: there nobody writes without its lock. */
  shared: boolean
}

const everyone = 0o007

const checkState = ({ requireState }: StateFacts): string | Warning => {
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

/** Takes it as a run would: a flock that is there may still not do. */
const checkLock = async ({ requireState, holder, path, shared }: StateFacts): Promise<string | Warning> => {
  const { root: state } = requireState()
  try {
    await using lock = await acquireHostLock({ state, mode: 'shared', holder, wait: 0, path })
    if (lock.state === 'held') return 'flock'
    if (shared) throw fail(`${lock.why}: no verb writes here`, flockRemedy)
    return { warning: `${lock.why}: runs go without the lock of the host`, remedy: flockRemedy }
  } catch (error) {
    if (error instanceof AppError && error.exitCode === exitCodes.locked) return error.message
    throw error
  }
}

/** Where a host's lock and its journals stand. */
export const stateChecks = (facts: StateFacts): Check[] => [
  { title: 'state directory', run: () => checkState(facts) },
  projectCheck(facts.stateOf),
  { title: 'host lock', needs: 'state directory', run: () => checkLock(facts) },
]
