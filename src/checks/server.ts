import pMap from 'p-map'
import type { Engine } from '../io/engine.ts'
import {
  type CollationMismatch,
  readCollationMismatches,
  readDatabaseMismatches,
  repairCollation,
} from '../io/postgres/collations.ts'
import { readEventTriggers, tryDefinitions } from '../io/postgres/event-triggers.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { fewSessions } from '../model/few-sessions.ts'
import { pasteSql } from '../model/paste.ts'
import { quoteIdentifier } from '../model/sql.ts'
import type { Environment } from '../model/types.ts'
import { type Check, fail, type Warning } from './check.ts'

export type ServerFacts = { environment: Environment; engine: () => Promise<Engine> }

type Open = { server: Server; managed: string[]; invalid: string[] }

/** Databases of the environment that can be entered, and all of the server that can only be dropped. */
const readOpen = async ({ environment, engine }: ServerFacts): Promise<Open> => {
  const { server } = await engine()
  const sql = `select datname as name, datconnlimit = -2 as invalid, datallowconn as open
    from pg_catalog.pg_database order by 1`
  const all = await server.query<{ name: string; invalid: boolean; open: boolean }>(server.maintenance, sql)
  const names = new Set(environment.databases.map(({ database }) => database))
  return {
    server,
    managed: all.flatMap(({ name, invalid, open }) => (names.has(name) && open && !invalid ? name : [])),
    invalid: all.flatMap(({ name, invalid }) => (invalid ? name : [])),
  }
}

const checkInvalid = async (facts: ServerFacts): Promise<string | Warning> => {
  const { server, invalid } = await readOpen(facts)
  if (invalid.length === 0) return 'none'
  const drop = (name: string): string =>
    pasteSql(server, server.maintenance, [`drop database ${quoteIdentifier(name)}`])
  return {
    warning: `${invalid.join(', ')}: a DROP DATABASE was cut short; it can only be dropped`,
    remedy: invalid.map(drop).join('\n'),
  }
}

const describe = ({ database, collation, recorded, actual }: CollationMismatch): string =>
  `${collation ? `${collation} in ` : ''}${database} is of version ${recorded}, the system has ${actual}`

const checkCollations = async (facts: ServerFacts): Promise<string | Warning> => {
  const { server, managed } = await readOpen(facts)
  const databases = [...new Set(['template1', server.maintenance, ...managed])]
  const inside = await pMap(
    managed,
    (name) => readCollationMismatches((sql) => server.query(name, sql), name),
    {
      concurrency: fewSessions,
    },
  )
  const found = [...(await readDatabaseMismatches(server, databases)), ...inside.flat()]
  if (found.length === 0) return 'as the system has them'
  const told = found.map(describe).join('; ')
  const remedy = found.flatMap((mismatch) => repairCollation(server, mismatch)).join('\n')
  if (found.some(({ database }) => database === 'template1'))
    throw fail(`${told}: no database can be created, and what is sorted may be in another order`, remedy)
  return { warning: `${told}: what is sorted may be in another order`, remedy }
}

const checkTriggersIn = async (server: Server, database: string) => {
  await using session = await server.session(database)
  const triggers = await readEventTriggers(session)
  const refusal = triggers.length > 0 ? await tryDefinitions(session) : undefined
  return { database, triggers, refusal }
}

const checkEventTriggers = async (facts: ServerFacts): Promise<string> => {
  const { server, managed } = await readOpen(facts)
  const all = await pMap(managed, (name) => checkTriggersIn(server, name), { concurrency: fewSessions })
  const refused = all.filter(({ refusal }) => refusal !== undefined)
  if (refused.length > 0)
    throw fail(
      refused
        .map(
          ({ database, triggers, refusal }) =>
            `${triggers.map(({ name }) => name).join(', ')} in ${database} let no migration through: ${refusal}`,
        )
        .join('; '),
      refused
        .map(({ database, triggers }) =>
          pasteSql(
            server,
            database,
            triggers.map(({ name }) => `alter event trigger ${name} disable`),
          ),
        )
        .join('\n'),
    )
  const there = all.flatMap(({ database, triggers }) =>
    triggers.map(({ name, event }) => `${name} (${event}) in ${database}`),
  )
  return there.length > 0 ? `${there.join(', ')}: let a table through` : 'none'
}

/** What a server may have that stops migrations or backups and shows nowhere else. */
export const serverChecks = (facts: ServerFacts): Check[] => [
  { title: 'invalid databases', needs: 'postgres', run: () => checkInvalid(facts) },
  { title: 'collations', needs: 'databases', run: () => checkCollations(facts) },
  { title: 'event triggers', needs: 'databases', run: () => checkEventTriggers(facts) },
]
