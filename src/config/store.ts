import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { AppError, exitCodes, usageError } from '../errors.ts'
import { parseVersion } from '../model/migration.ts'
import type { Config } from './load.ts'

/** The migration store: one directory a database. */
export const storeOf = ({ directory, migrations }: Config): string => resolve(directory, migrations)

const list = (store: string): Dirent[] => {
  try {
    return readdirSync(store, { withFileTypes: true })
  } catch (cause) {
    const message = `The migration store ${store} cannot be read: ${(cause as Error).message}`
    throw new AppError(message, {
      exitCode: exitCodes.usage,
      hint: `mkdir -p ${store}, or set migrations: in the config`,
      cause,
    })
  }
}

/** Also a link to a directory; one that leads nowhere is told when its files are read. */
const isDirectory = (entry: Dirent): boolean => {
  if (!entry.isSymbolicLink()) return entry.isDirectory()
  return statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.isDirectory() ?? true
}

/** dbmate's own name for the directory of one database's files. */
const ofOneDatabase = 'migrations'

const noStore = ({ file, directory }: Config, place: string, why: string): AppError =>
  usageError(
    `${place} ${why}.`,
    `write into ${file}: databases: { NAME: { directory: ${relative(directory, place) || '.'} } }`,
    ['A store has one directory of migrations for each database, called as the database is.'],
  )

/**
 * The directories of the store, by name; nothing hidden.
 * @throws AppError (exit 2) when it cannot be read, or is itself the directory of one database.
 */
export const readStore = (config: Config): string[] => {
  const store = storeOf(config)
  const entries = list(store)
  const file = entries.find((entry) => !isDirectory(entry) && parseVersion(entry.name) !== undefined)
  if (file)
    throw noStore(
      config,
      store,
      `holds migrations itself (${file.name}): it is no store, but one database's own`,
    )
  const names = entries
    .filter((entry) => isDirectory(entry) && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort()
  if (names.includes(ofOneDatabase))
    throw noStore(config, join(store, ofOneDatabase), 'would be taken for a database called "migrations"')
  return names
}
