import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import type { EmbeddedPackages } from './embedded-packages.ts'

/** No database's directory: those are percent-encoded names, and no managed name begins with a dot. */
const template = '.template'
const unfinished = '.unfinished'

/** Makes a directory in one go: what a killed process left half-made is never taken for whole. */
const makeWhole = async (path: string, make: (temporary: string) => Promise<void>): Promise<void> => {
  const temporary = join(path, '..', unfinished)
  rmSync(temporary, { recursive: true, force: true })
  await make(temporary)
  renameSync(temporary, path)
}

/** A copy of an empty cluster takes a fiftieth of the time of initdb. */
const ensureTemplate = async (directory: string, { openPglite }: EmbeddedPackages): Promise<string> => {
  const path = join(directory, template)
  if (!existsSync(path)) await makeWhole(path, async (temporary) => (await openPglite(temporary)).close())
  return path
}

/** Opens the data of one database, made from an empty cluster at first. Not for two databases at a time. */
export const openData = async (
  directory: string,
  database: string,
  packages: EmbeddedPackages,
): Promise<PGlite> => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, encodeURIComponent(database))
  if (!existsSync(path)) {
    const source = await ensureTemplate(directory, packages)
    await makeWhole(path, async (temporary) => cpSync(source, temporary, { recursive: true }))
  }
  return packages.openPglite(path)
}
