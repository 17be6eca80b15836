import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { makeDirectories } from '../../make-directories.ts'
import type { EmbeddedPackages } from './packages.ts'

/** Dotted, so they are no database's directory: managed names begin with a letter or a digit. */
const templateName = '.template'
const unfinishedName = '.unfinished'

/** Makes a directory and then puts it in place: what a killed process left half-made is never taken for whole. */
const makeWhole = async (
  path: string,
  temporary: string,
  make: (directory: string) => Promise<void>,
): Promise<void> => {
  rmSync(temporary, { recursive: true, force: true })
  await make(temporary)
  try {
    renameSync(temporary, path)
  } catch (error) {
    // Another environment was faster with the template.
    if (!existsSync(path)) throw error
    rmSync(temporary, { recursive: true, force: true })
  }
}

const dataOf = (directory: string, database: string): string => join(directory, encodeURIComponent(database))

/** Of a database that nobody has open. */
export const removeData = (directory: string, database: string): void =>
  rmSync(dataOf(directory, database), { recursive: true, force: true })

/**
 * Opens the data of one database in an environment's directory; at first as a copy of an empty cluster, which all
 * environments share: initdb takes fifty times as long. Call it for one database after the other.
 */
export const openData = async (
  directory: string,
  database: string,
  { openPglite }: EmbeddedPackages,
): Promise<PGlite> => {
  makeDirectories(directory, 0o700)
  const temporary = join(directory, unfinishedName)
  const template = join(dirname(directory), templateName)
  const path = dataOf(directory, database)
  if (!existsSync(path)) {
    if (!existsSync(template))
      await makeWhole(template, temporary, async (made) => (await openPglite(made)).close())
    await makeWhole(path, temporary, async (made) => cpSync(template, made, { recursive: true }))
  }
  return openPglite(path)
}
