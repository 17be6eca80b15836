import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'

/** A throwaway Postgres and a project with so many databases: named ones, or one fleet whose files are those of the first. */
export type World = AsyncDisposable & {
  postgres: TestPostgres
  project: Project
  databases: readonly string[]
  /** Where the files of this database lie. */
  directoryOf: (database: string) => string
  /** So many files in each directory, and none besides. */
  files: (count: number) => void
  /** One more file: for all databases, or for this one. */
  oneMore: (database?: string) => void
  dropAll: () => Promise<void>
  /** How many files are applied, over all databases. */
  applied: () => Promise<number>
}

const nameOf = (index: number): string => `${String(index).padStart(5, '0')}_table.sql`
const text = (index: number): string =>
  migration(`create table t${index} (id bigint primary key);`, `drop table t${index};`)

export const openWorld = async (databases: readonly string[], isFleet = false): Promise<World> => {
  const postgres = await startPostgres()
  const project = makeProject({
    network: postgres.network,
    store: {},
    edit: (config) => {
      config.state = 'state'
      config.databases = isFleet
        ? { all: { directory: 'migrations/all', from: { list: databases }, create: true } }
        : Object.fromEntries(databases.map((name) => [name, {}]))
    },
  })
  const directoryOf = (database: string): string =>
    join(project.directory, 'infrastructure/migrations', isFleet ? 'all' : database)
  const directories = [...new Set(databases.map(directoryOf))]
  let written = 0
  const write = (directory: string, index: number): void =>
    writeFileSync(join(directory, nameOf(index)), text(index))
  const files = (count: number): void => {
    for (const directory of directories) {
      rmSync(directory, { recursive: true, force: true })
      mkdirSync(directory, { recursive: true })
      for (let index = 1; index <= count; index++) write(directory, index)
    }
    written = count
  }
  return {
    postgres,
    project,
    databases,
    directoryOf,
    files,
    oneMore: (database) => {
      written++
      for (const directory of database ? [directoryOf(database)] : directories) write(directory, written)
    },
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
