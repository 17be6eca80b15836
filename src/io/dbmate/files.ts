import { isUtf8 } from 'node:buffer'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { usageError } from '../../errors.ts'
import { isSkippedName, markDuplicates, parseMigration, parseVersion } from '../../model/migration.ts'
import type { ManagedDatabase, MigrationFile, Problem } from '../../model/types.ts'
import { markWidths } from '../../model/version-width.ts'
import { checksum } from './checksum.ts'
import { readMigrationBytes } from './migration-bytes.ts'

const listFiles = (managed: ManagedDatabase): string[] => {
  const { name, directory } = managed
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() || parseVersion(entry.name) !== undefined)
      .map(({ name: file }) => file)
      .sort((a, b) => (a < b ? -1 : 1))
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : (cause as Error).message
    throw usageError(
      `The migrations directory of ${name} ${why}: ${directory}`,
      elsewhere(managed) ?? begin(name),
    )
  }
}

const begin = (name: string): string => `po-migrate new ${name} initial_schema`

const holdsMigrations = (directory: string): boolean => {
  try {
    return readdirSync(directory).some((file) => parseVersion(file) !== undefined)
  } catch {
    return false
  }
}

/** A store that is one database's own directory, or the other way round. */
const elsewhere = ({ name, directory }: ManagedDatabase): string | undefined => {
  const [found] = [dirname(directory), ...readSubdirectories(directory)].filter(holdsMigrations)
  return (
    found && `its files are in ${found}? Then write into the config: databases: { ${name}: { directory: … } }`
  )
}

const readSubdirectories = (directory: string): string[] => {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.isFile())
      .map((entry) => join(directory, entry.name))
  } catch {
    return []
  }
}

/** The text, where it is one. */
const decode = (bytes: Buffer): string | undefined => (isUtf8(bytes) ? bytes.toString('utf8') : undefined)

const readMigration = ({ directory }: ManagedDatabase, file: string): MigrationFile => {
  const refuse = (problem: Pick<Problem, 'rule' | 'message' | 'line'>): MigrationFile => {
    const problems = [{ level: 'error' as const, file, ...problem }]
    return { version: parseVersion(file) ?? '', file, problems }
  }
  const read = readMigrationBytes(join(directory, file))
  if (!('bytes' in read)) return refuse(read)
  const text = decode(read.bytes)
  if (text === undefined)
    return refuse({ rule: 'not-utf8', message: 'is not UTF-8: its text would be changed on the way' })
  const nul = text.indexOf('\0')
  if (nul < 0) return { ...parseMigration(file, text), checksum: checksum(text) }
  const line = text.slice(0, nul).split('\n').length
  return refuse({ rule: 'nul-byte', line, message: 'has a NUL byte: whatever stands behind it is not read' })
}

/**
 * The migration files of one database in dbmate's order, and the names it would skip.
 * @throws AppError (exit 2) when the directory is missing or has no migration.
 */
export const readMigrations = (managed: ManagedDatabase): { files: MigrationFile[]; strays: Problem[] } => {
  const names = listFiles(managed)
  const message = 'dbmate skips it silently: the name must be digits, then "_name.sql"'
  const strays = names
    .filter(isSkippedName)
    .map((file) => ({ rule: 'skipped-name', level: 'error' as const, file, message }))
  const files = names.filter((file) => parseVersion(file)).map((file) => readMigration(managed, file))
  if (files.length === 0 && strays.length === 0)
    throw usageError(
      `The migrations directory of ${managed.name} has no migration: ${managed.directory}`,
      elsewhere(managed) ?? begin(managed.name),
    )
  return { files: markWidths(markDuplicates(files)), strays }
}
