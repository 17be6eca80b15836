import { existsSync, lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { usageError } from '../errors.ts'

const name = 'migrate.yaml'
/** A directory that a project keeps its config in; the project is what lies around it. */
const inner = 'infrastructure'
const misspelt = 'migrate.yml'

/** The project that a config, or its directory, is of: what it stands in, or what lies around `infrastructure/`. */
export const projectDirectory = (directory: string): string =>
  basename(directory) === inner ? dirname(directory) : directory

/**
 * The config of a project: `infrastructure/migrate.yaml` or `migrate.yaml`; one may be a link to the other.
 * @throws AppError (exit 2) when both are there.
 */
export const configIn = (project: string): string | undefined => {
  const [first, second] = [join(project, inner, name), join(project, name)].filter(existsSync)
  if (first === undefined || second === undefined) return first
  if (realpathSync(first) === realpathSync(second)) return lstatSync(first).isSymbolicLink() ? second : first
  throw usageError(
    `Both ${first} and ${second} are there, and only one can be meant.`,
    `rm ${second}, or name one of them: po-migrate --config ${first} …`,
    ['Relative paths in a config are relative to it: look at them when you move it.'],
  )
}

const findMisspelt = (project: string): string | undefined =>
  [join(project, inner, misspelt), join(project, misspelt)].find(existsSync)

/** The projects that a directory is in, the innermost first. */
function* projectsAround(cwd: string): Generator<string> {
  for (let at = projectDirectory(cwd); ; at = projectDirectory(dirname(at))) {
    yield at
    if (at === dirname(at)) return
  }
}

/** The config of the nearest project that a directory is in. @throws AppError (exit 2) when that one has two. */
export const searchConfig = (cwd: string): string | undefined => {
  for (const project of projectsAround(cwd)) {
    const file = configIn(project)
    if (file !== undefined) return file
    const wrong = findMisspelt(project)
    if (wrong !== undefined)
      throw usageError(
        `${wrong} is not looked for: the config is called ${name}.`,
        `mv ${wrong} ${join(dirname(wrong), name)}`,
      )
  }
  return undefined
}

/** @throws AppError (exit 2) when there is none, or two. */
export const findConfig = (cwd: string): string => {
  const file = searchConfig(cwd)
  if (file !== undefined) return file
  throw usageError(
    `There is no ${name} and no ${join(inner, name)} in ${cwd} or above it.`,
    'po-migrate init, or name another place: po-migrate --config FILE …',
  )
}
