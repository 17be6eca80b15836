import { AppError, exitCodes } from '../errors.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { placeVersions, quoteVersions, readVersions } from '../io/postgres/read-database.ts'
import { pasteSql } from '../model/paste.ts'
import { quoteLiteral } from '../model/sql.ts'
import type { DatabaseState, Direction, ManagedDatabase, Migration, VersionsTable } from '../model/types.ts'
import { nameOfVersions } from '../model/versions-table.ts'

/** A managed database whose table of versions was found. */
export type PlacedDatabase = ManagedDatabase & { versions: VersionsTable }

/** What stands in the tables of versions, and what has to: what the plan saw, and what this run did. */
export type Applied = {
  /** With the place of its versions; of a database that this run has made, looked for before its first file, and then kept. */
  place: (managed: ManagedDatabase) => Promise<PlacedDatabase>
  read: (managed: PlacedDatabase) => Promise<ReadonlySet<string>>
  /** What has to stand there once this file is through. */
  after: (managed: ManagedDatabase, migration: Migration, direction: Direction) => ReadonlySet<string>
  /** What was read together with something else, as if it had been read here. */
  take: (managed: ManagedDatabase, found: ReadonlySet<string>) => void
  /**
   * Before a file: what was read after the previous one, or is read now.
   * @throws AppError (exit 4 before the run's first file, else 1) when a version came or went that is not this run's.
   */
  require: (managed: PlacedDatabase) => Promise<void>
  /** Behind a file that is done, by what was read since. @throws AppError (exit 1) as `require` does; the file's work is done. */
  confirm: (managed: PlacedDatabase) => void
  /** What is to be said of versions that came or went otherwise. */
  tellStrange: (managed: PlacedDatabase) => Promise<string[]>
  /** What this run did is expected from now on. */
  add: (managed: ManagedDatabase, migration: Migration, direction: Direction) => void
}

type Difference = { came: readonly string[]; went: readonly string[] }

const differ = (expected: ReadonlySet<string>, found: ReadonlySet<string>): Difference => ({
  came: [...found.difference(expected)].sort(),
  went: [...expected.difference(found)].sort(),
})

const describe = ({ came, went }: Difference): string =>
  [
    ...(came.length > 0 ? [`${came.join(', ')} came`] : []),
    ...(went.length > 0 ? [`${went.join(', ')} went`] : []),
  ].join(', ')

const explain = (server: Server, managed: PlacedDatabase, difference: Difference) => {
  const { database, versions } = managed
  const table = quoteVersions(versions)
  const { came, went } = difference
  const forget = came.map((version) => `delete from ${table} where version = ${quoteLiteral(version)};`)
  const record = went.map((version) => `insert into ${table} (version) values (${quoteLiteral(version)});`)
  return {
    message: `${database}: ${nameOfVersions(versions)} changed under this run: ${describe(difference)}.`,
    details: [
      'No step of this run did that: a file wrote the table, or another tool did. So no further file was started.',
      'If what stands there now is not what ran, put it back:',
      `  → ${pasteSql(server, database, [...forget, ...record])}`,
    ],
  }
}

/** Keeps the applied versions of a run's databases in view; `seen` is what its plan was made of. */
export const watchApplied = (server: Server, seen: readonly DatabaseState[]): Applied => {
  const places = new Map<string, VersionsTable>()
  const expected = new Map<string, ReadonlySet<string>>(
    seen.map(({ managed, applied }) => [managed.database, new Set(applied)]),
  )
  const last = new Map<string, ReadonlySet<string>>()
  let touched = false
  const strange = (
    managed: PlacedDatabase,
    found: ReadonlySet<string>,
  ): ReturnType<typeof explain> | undefined => {
    const difference = differ(expected.get(managed.database) ?? new Set(), found)
    const { came, went } = difference
    return came.length + went.length > 0 ? explain(server, managed, difference) : undefined
  }
  const read = async ({ database, versions }: PlacedDatabase): Promise<ReadonlySet<string>> => {
    const found = new Set(await readVersions(server, database, versions))
    last.set(database, found)
    return found
  }
  const after: Applied['after'] = ({ database }, { version }, direction) => {
    const known = new Set(expected.get(database))
    if (direction === 'up') known.add(version)
    else known.delete(version)
    return known
  }
  return {
    place: async (managed) => {
      const versions =
        managed.versions ?? places.get(managed.database) ?? (await placeVersions(server, managed))
      places.set(managed.database, versions)
      return { ...managed, versions }
    },
    read,
    require: async (managed) => {
      const found = last.get(managed.database) ?? (await read(managed))
      const other = strange(managed, found)
      if (other)
        throw new AppError(other.message, { exitCode: exitCodes.refused, touched, details: other.details })
      touched = true
    },
    confirm: (managed) => {
      const found = last.get(managed.database)
      const other = found && strange(managed, found)
      if (!other) return
      const { message, details } = other
      throw new AppError(message, { exitCode: exitCodes.failed, touched: true, work: 'done', details })
    },
    tellStrange: async (managed) => {
      const other = strange(managed, await read(managed))
      return other ? [other.message, ...other.details] : []
    },
    after,
    take: ({ database }, found) => {
      last.set(database, found)
    },
    add: (managed, migration, direction) => {
      expected.set(managed.database, after(managed, migration, direction))
    },
  }
}
