import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dbmateBinary } from '../support/postgres/native-project.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'

/** A throwaway Postgres and a project with so many databases: named ones, or one fleet whose files are those of the first. */
export type World = AsyncDisposable & {
  postgres: TestPostgres
  project: Project
  databases: readonly string[]
  /** Where the files of this database lie. */
  directoryOf: (database: string) => string
  /** The same files without dbmate's headings. */
  plainOf: (database: string) => string
  /** So many files in each directory, and none besides. */
  files: (count: number) => void
  /** One more file: for all databases, or for this one; `plain`: without dbmate's headings. */
  oneMore: (database?: string, kind?: Kind) => void
  /** A file that fails, in each directory. */
  broken: () => void
  /** A file of its own text, in the first directory. */
  write: (name: string, text: string) => void
  dropAll: () => Promise<void>
  /** How many files are applied, over all databases. */
  applied: () => Promise<number>
}

export type Kind = 'dbmate' | 'plain'

const nameOf = (index: number): string => `${String(index).padStart(5, '0')}_table.sql`
const create = (index: number): string => `create table t${index} (id bigint primary key);`
const texts: Record<Kind, (index: number) => string> = {
  dbmate: (index) => migration(create(index), `drop table t${index};`),
  plain: create,
}

export const openWorld = async (
  databases: readonly string[],
  kind: 'named' | 'fleet' = 'named',
): Promise<World> => {
  const isFleet = kind === 'fleet'
  const postgres = await startPostgres()
  const project = makeProject({
    network: postgres.network,
    store: {},
    state: 'state',
    edit: (config) => {
      config.databases = isFleet
        ? {
            all: {
              directory: 'migrations/all',
              from: { list: databases },
              ...{ create: true, rollout: { canary: 1, wave: 50, max_failures: 3 } },
            },
          }
        : Object.fromEntries(databases.map((name) => [name, {}]))
      config.dbmate.binary = dbmateBinary
      const { network: _, ...dev } = config.environments.dev
      config.environments.bare = {
        ...dev,
        engine: 'native',
        server: { host: postgres.address, tls: { mode: 'disable' } },
      }
    },
  })
  const directoryOf = (database: string): string =>
    join(project.directory, 'infrastructure/migrations', isFleet ? 'all' : database)
  const plainOf = (database: string): string => join(project.directory, 'plain', isFleet ? 'all' : database)
  const placeOf = { dbmate: directoryOf, plain: plainOf }
  const directoriesOf = (kind: Kind): string[] => [...new Set(databases.map(placeOf[kind]))]
  const written = { dbmate: 0, plain: 0 }
  const put = (directory: string, name: string, text: string): void => {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  const write = (directory: string, kind: Kind, index: number): void =>
    put(directory, nameOf(index), texts[kind](index))
  const fill = (kind: Kind, count: number): void => {
    for (const directory of directoriesOf(kind)) {
      rmSync(directory, { recursive: true, force: true })
      for (let index = 1; index <= count; index++) write(directory, kind, index)
    }
    written[kind] = count
  }
  return {
    postgres,
    project,
    databases,
    directoryOf,
    plainOf,
    files: (count) => {
      fill('dbmate', count)
      fill('plain', count)
    },
    oneMore: (database, kind = 'dbmate') => {
      written[kind]++
      const places = database ? [placeOf[kind](database)] : directoriesOf(kind)
      for (const directory of places) write(directory, kind, written[kind])
    },
    broken: () => {
      for (const directory of directoriesOf('dbmate'))
        put(directory, '99999_broken.sql', migration('select 1 / 0;'))
    },
    write: (name, text) => put(directoriesOf('dbmate')[0] ?? '', name, text),
    dropAll: async () => {
      const sql = databases.map((name) => `drop database if exists ${name} with (force);`)
      for (const one of sql) await postgres.psql('postgres', one)
    },
    applied: async () => {
      let count = 0
      for (const database of databases) {
        const versions = await postgres.versions(database).catch(() => '')
        count += versions === '' ? 0 : versions.split(' ').length
      }
      return count
    },
    [Symbol.asyncDispose]: async () => {
      project[Symbol.dispose]()
      await postgres[Symbol.asyncDispose]()
    },
  }
}
