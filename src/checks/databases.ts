import pMap from 'p-map'
import { readMigrations } from '../io/dbmate/files.ts'
import type { Engine } from '../io/engine.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { readDatabase, readExisting } from '../io/postgres/read-database.ts'
import { fewSessions } from '../model/few-sessions.ts'
import type { Environment } from '../model/types.ts'
import { type Check, fail } from './check.ts'

/** The files of the store. */
export const checkMigrations = ({ databases }: Environment): string => {
  const read = databases.map((managed) => ({ managed, ...readMigrations(managed) }))
  const problems = read.flatMap(({ managed, files, strays }) =>
    [...strays, ...files.flatMap((file) => file.problems)].map(
      ({ file, message }) => `${managed.name}/${file} ${message}`,
    ),
  )
  if (problems.length > 0) throw fail(problems.join('; '), 'correct the files')
  return read.map(({ managed, files }) => `${managed.name} ${files.length}`).join(', ')
}

/** Version of Postgres. */
export const readVersion = async (server: Server): Promise<string> => {
  const sql = "select pg_catalog.current_setting('server_version') as version"
  const [row] = await server.query<{ version: string }>(server.maintenance, sql)
  return row?.version ?? '?'
}

/** The managed databases on the server. */
export const databasesCheck = ({ databases }: Environment, engine: () => Promise<Engine>): Check => ({
  title: 'databases',
  needs: 'postgres',
  run: async () => {
    const { server } = await engine()
    const names = databases.map(({ database }) => database)
    const present = await readExisting(server, names)
    const there = databases.filter(({ database }) => present.has(database))
    const read = await pMap(there, (managed) => readDatabase(server, managed), { concurrency: fewSessions })
    const obstacles = read.flatMap(({ obstacle }) => obstacle ?? [])
    if (obstacles.length > 0)
      throw fail(
        obstacles.map(({ message }) => message).join(' '),
        obstacles.map(({ hint }) => hint).join('\n'),
      )
    const absent = names.filter((database) => !present.has(database))
    return absent.length > 0 ? `${absent.join(', ')} will be created by the next up` : names.join(', ')
  },
})
