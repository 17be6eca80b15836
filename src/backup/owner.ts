import { readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import type { Manifest } from '../model/manifest.ts'
import type { State } from '../model/state.ts'

/** In the directory of a backup of a release that knew no projects: the one that took it in. */
const marker = 'project'

const readMarker = (directory: string): string | undefined => {
  try {
    return readFileSync(join(directory, marker), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}

/** A backup that names nobody is of whose directory it stands in; right below the root it is of nobody known. */
const byPlace = (directory: string, { root }: Pick<State, 'root'>): string | undefined => {
  const home = dirname(dirname(directory))
  return dirname(home) === root ? basename(home) : undefined
}

/** The project whose backup this is; nothing for one of a release that knew no projects, until somebody takes it in. */
export const ownerOf = (
  directory: string,
  manifest: Pick<Manifest, 'project'> | undefined,
  state: Pick<State, 'root'>,
): string | undefined => manifest?.project ?? readMarker(directory) ?? byPlace(directory, state)

/** The command by which somebody who knows it says whose a backup is. */
export const takeInCommand = (directory: string, project: string): string =>
  `echo ${project} > ${join(directory, marker)}`

/** From now on it is this project's: listed, counted and pruned as its own. @throws AppError (exit 1) when it cannot be written. */
export const takeIn = (directory: string, { project }: State): void => {
  try {
    writeFileSync(join(directory, marker), `${project}\n`, { mode: 0o640 })
  } catch (cause) {
    throw new AppError(`${directory} cannot be taken in: ${(cause as Error).message}.`, {
      exitCode: exitCodes.failed,
      hint: `ls -ld ${directory}`,
      cause,
    })
  }
}
