import { AppError, exitCodes } from '../errors.ts'
import type { Manifest } from '../model/manifest.ts'
import type { State } from '../model/state.ts'
import { ownerOf } from './owner.ts'

/** Whose a backup is: this project's, another's by name, or nobody knows: a release that knew no projects made it. */
export type Origin = 'own' | 'unknown' | { project: string }

export const originOf = (directory: string, manifest: Manifest, state: State): Origin => {
  const owner = ownerOf(directory, manifest, state)
  if (owner === undefined) return 'unknown'
  return state.own.includes(owner) ? 'own' : { project: owner }
}

/** @throws AppError (exit 4) for another project's backup, until that is asked for by name. */
export const refuseForeign = (
  origin: Origin,
  {
    directory,
    project,
    command,
    foreign,
  }: { directory: string; project: string; command: string; foreign: boolean },
): void => {
  if (typeof origin === 'string' || foreign) return
  throw new AppError(`${directory} is a backup of the project ${origin.project}, this is ${project}.`, {
    exitCode: exitCodes.refused,
    details: [`Its data would stand in the databases of ${project}.`],
    hint: `if that is meant: ${command}`,
  })
}
