import pMap from 'p-map'
import type { Engine } from '../io/engine.ts'
import { readLocks } from '../io/postgres/lock.ts'
import { describeOrphans, findOrphans, isClean, ownOrphans } from '../io/postgres/orphans.ts'
import { readExisting } from '../io/postgres/read-database.ts'
import { readInvalidIndexes } from '../io/postgres/read-indexes.ts'
import { fewSessions } from '../model/few-sessions.ts'
import { dropIndex } from '../model/forensics.ts'
import { describeHolder } from '../model/holder.ts'
import { pasteSql } from '../model/paste.ts'
import type { Environment } from '../model/types.ts'
import { type Check, fail, type Warning } from './check.ts'

/** Work that a dead run left half-done, and the commands that put it right. */
export type Unfinished = { what: string; repair: readonly string[] }

/** What dead runs left in these databases; `settled`: what the next run puts right by itself. */
export type UnfinishedWork = { repairs: readonly Unfinished[]; settled: readonly string[] }

export type LeftoverFacts = {
  environment: Environment
  engine: () => Promise<Engine>
  /** Reads what dead runs left in databases that nobody holds. */
  readUnfinished: (free: readonly string[]) => Promise<UnfinishedWork>
}

const namesOf = ({ databases }: Environment): string[] => databases.map(({ database }) => database)

const heldNow = async ({ environment, engine }: LeftoverFacts) => {
  const { server } = await engine()
  return readLocks(namesOf(environment), (sql) => server.query(server.maintenance, sql))
}

const checkLock = async (facts: LeftoverFacts): Promise<string> => {
  const held = await heldNow(facts)
  if (held.length === 0) return 'free'
  return held
    .map(
      ({ database, holder, backend }) =>
        `${database} held by ${holder ? describeHolder(holder) : `backend ${backend}`}`,
    )
    .join('; ')
}

const checkLeftBehind = async ({ environment, engine }: LeftoverFacts): Promise<string> => {
  const { server, shared } = await engine()
  const orphans = await findOrphans(shared, server, namesOf(environment))
  const own = ownOrphans(orphans)
  if (isClean(orphans)) return 'nothing'
  if (isClean(own)) return `nothing of this project; ${describeOrphans(orphans)}`
  throw fail(`a run that died left ${describeOrphans(own)}`, `po-migrate lock release ${environment.name}`)
}

/** A run that is alive writes its own rows: its databases are left out, also when it came while we looked. */
const checkUnfinished = async (facts: LeftoverFacts): Promise<string | Warning> => {
  const before = new Set((await heldNow(facts)).map(({ database }) => database))
  const free = namesOf(facts.environment).filter((database) => !before.has(database))
  const { repairs, settled } = await facts.readUnfinished(free)
  const after = (await heldNow(facts)).map(({ database }) => database)
  if (after.some((database) => !before.has(database))) return 'a run has just begun: not looked at'
  if (repairs.length > 0)
    throw fail(
      [...repairs.map(({ what }) => what), ...settled].join(' '),
      repairs.flatMap(({ repair }) => repair).join('\n'),
    )
  if (settled.length > 0)
    return { warning: settled.join(' '), remedy: `po-migrate up ${facts.environment.name}` }
  return before.size > 0 ? `none (not looked at while held: ${[...before].join(', ')})` : 'none'
}

const checkIndexes = async ({ environment, engine }: LeftoverFacts): Promise<string> => {
  const { server } = await engine()
  const existing = await readExisting(server, namesOf(environment))
  const found = await pMap(
    existing,
    async (database) => (await readInvalidIndexes(server, database)).map((index) => ({ database, index })),
    { concurrency: fewSessions },
  )
  const invalid = found.flat()
  if (invalid.length === 0) return 'none'
  throw fail(
    `${invalid.map(({ database, index }) => `${index} in ${database}`).join(', ')}: not used, and slows every write`,
    invalid.map(({ database, index }) => pasteSql(server, database, [dropIndex(index)])).join('\n'),
  )
}

/** Who is at work in an environment, and what runs that died left there. */
export const leftoverChecks = (facts: LeftoverFacts): Check[] => [
  { title: 'lock', needs: 'postgres', run: () => checkLock(facts) },
  { title: 'left behind', needs: 'postgres', run: () => checkLeftBehind(facts) },
  { title: 'unfinished work', needs: 'left behind', run: () => checkUnfinished(facts) },
  { title: 'invalid indexes', needs: 'databases', run: () => checkIndexes(facts) },
]
