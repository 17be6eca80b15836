import { chooseMembers } from '../fleet/choose-members.ts'
import { type JudgedNames, judgeNames } from '../fleet/judge-names.ts'
import { matchPattern } from '../fleet/match-pattern.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { readExisting } from '../io/postgres/read-database.ts'
import { readAllNames, readNames } from '../io/postgres/read-names.ts'
import { defaultMaintenance } from '../model/sql.ts'
import type { Environment, Fleet, ManagedDatabase } from '../model/types.ts'

type Asked = Pick<Environment, 'name' | 'databases' | 'maintenance'>

/** The first run makes the database that is asked: until then it knows of none. */
const isToCome = async (server: Server, { from }: Fleet, { databases }: Asked): Promise<boolean> => {
  if (!('query' in from && databases.some(({ name }) => name === from.managed))) return false
  return !(await readExisting(server, [from.database])).has(from.database)
}

const askNames = async (server: Server, fleet: Fleet, environment: string): Promise<(string | null)[]> => {
  const { from } = fleet
  if ('list' in from) return [...from.list]
  if ('query' in from) return await readNames(server, fleet, { from, environment })
  const { isBeside } = await import('../model/beside-name.ts')
  const own = new Set([server.maintenance, defaultMaintenance])
  const names = (await readAllNames(server)).filter((name) => !own.has(name) && !isBeside(name))
  return matchPattern(names, { ...fleet, ...from })
}

const readFleet = async (server: Server, fleet: Fleet, asked: Asked): Promise<JudgedNames> => {
  if (await isToCome(server, fleet, asked)) {
    const { from } = fleet
    const where = 'query' in from ? from.database : ''
    return {
      members: [],
      refused: [],
      notes: [
        `${fleet.name}: ${where} is not there yet, so nothing is known of its databases; run it again after it`,
      ],
    }
  }
  return chooseMembers(fleet, judgeNames(fleet, await askNames(server, fleet, asked.name)))
}

export type Expanded = { environment: Environment; notes: readonly string[] }

/**
 * The environment with the databases of its fleets among its own, in the config's order.
 * @throws AppError (exit 4) for a query that does not answer names, (exit 2) for an unknown FLEET/NAME.
 */
export const expandFleets = async (environment: Environment, server: Server): Promise<Expanded> => {
  const { fleets = [], databases: own } = environment
  if (fleets.length === 0) return { environment, notes: [] }
  const databases: ManagedDatabase[] = []
  const refused: JudgedNames['refused'][number][] = []
  const notes: string[] = []
  let at = 0
  for (const fleet of fleets) {
    databases.push(...own.slice(at, fleet.after))
    at = fleet.after
    const others = databases.flatMap(({ database, member }) => (member ? database : []))
    const found = await readFleet(server, { ...fleet, taken: [...fleet.taken, ...others] }, environment)
    databases.push(...found.members)
    refused.push(...found.refused)
    notes.push(...found.notes)
  }
  databases.push(...own.slice(at))
  return { environment: { ...environment, databases, ...(refused.length > 0 && { refused }) }, notes }
}
