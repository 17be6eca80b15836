import { checkFiles } from '../../backup/check-files.ts'
import { renderEmptyViews } from '../../backup/empty-views.ts'
import { fillDatabase } from '../../backup/fill.ts'
import { renderBytes } from '../../backup/report.ts'
import { AppError, exitCodes } from '../../errors.ts'
import { readDatabaseInventory, readDatabaseNames, readServerInventory } from '../../io/postgres/inventory.ts'
import type { Query, Server } from '../../io/postgres/postgres.ts'
import { dropDatabase } from '../../io/postgres/recreate-database.ts'
import { besideName } from '../../model/beside-name.ts'
import { compareDatabases } from '../../model/compare-inventories.ts'
import type { DatabaseInventory } from '../../model/inventory.ts'
import { majorOf } from '../../model/manifest.ts'
import { pasteSql } from '../../model/paste.ts'
import { quoteIdentifier } from '../../model/sql.ts'
import { carriedFrom, differs } from '../carried.ts'
import type { CutoverAct, CutoverKind } from '../tools.ts'

export type CarryDatabase = { kind: 'carry-database'; database: string; environment: string }

const readNow = async (server: Server, inventory: DatabaseInventory): Promise<DatabaseInventory> => {
  await using session = await server.session(inventory.name)
  return await readDatabaseInventory(session.query, inventory.name, inventory)
}

const isEmpty = ({ tables, largeObjects }: DatabaseInventory): boolean =>
  tables.length === 0 && largeObjects === 0

const somebodys = (server: Server, database: string, details: readonly string[]): AppError =>
  new AppError(`${database} holds what somebody wrote since the volume was wiped.`, {
    exitCode: exitCodes.failed,
    details: [...details, 'It stays as it is; what was backed up is still to come.'],
    hint: pasteSql(server, server.maintenance, [
      `alter database ${quoteIdentifier(database)} rename to ${quoteIdentifier(`${database}_since`)}`,
    ]),
  })

/**
 * Whether the place of a database is taken by what belongs there already. An empty one is of the image's first init.
 * @throws AppError (exit 1) for anything else: an application that was started too early may have made it.
 */
const isCarried = async (server: Server, inventory: DatabaseInventory): Promise<boolean> => {
  const { name } = inventory
  if (!(await readDatabaseNames(server)).includes(name)) return false
  const now = await readNow(server, inventory)
  const differences = compareDatabases(inventory, now)
  if (differences.length === 0) return true
  if (!isEmpty(now)) throw somebodys(server, name, differences)
  return false
}

const replace = async (query: Query, { beside, database }: { beside: string; database: string }) => {
  await dropDatabase(query, database)
  await query(`alter database ${quoteIdentifier(beside)} rename to ${quoteIdentifier(database)}`)
}

const carry = async (
  { database, environment }: CarryDatabase,
  { tools: { servers, run, stop, report }, facts }: CutoverAct,
): Promise<undefined> => {
  const { directory, manifest } = carriedFrom(facts)
  const held = manifest.databases.find(({ inventory }) => inventory.name === database)
  if (!held) throw new Error(`${directory} has no ${database}`)
  const faults = await checkFiles(directory, [held])
  if (faults.length > 0) throw differs(database, faults)
  await servers.lock()
  const { server, shared } = await servers.engine(environment)
  if (!shared) throw new Error('a cutover needs the docker engine')
  const { user } = servers.supplied(environment).environment
  if (await isCarried(server, held.inventory)) return undefined
  const beside = besideName(database, 'restore', run)
  await using maintenance = await server.session(server.maintenance)
  const { query } = maintenance
  await dropDatabase(query, beside)
  try {
    const { version } = await readServerInventory(server)
    const { docker } = shared
    const tools = await shared.tools()
    const { differences, empty } = await fillDatabase({
      ...{ target: { docker, ...tools, server, user, run }, directory, held, name: beside },
      major: majorOf(version),
      signal: stop,
      onProgress: ({ bytes, rate, total = 0 }) =>
        report.progress(`${renderBytes(bytes)} of ${renderBytes(total)}, ${renderBytes(rate)}/s`),
    })
    if (differences.length > 0) throw differs(database, differences)
    await replace(query, { beside, database })
    for (const line of renderEmptyViews(server, database, empty)) report.note(line)
  } catch (error) {
    await dropDatabase(query, beside).catch(() => {})
    throw error
  }
  return undefined
}

/**
 * One database from its dump, filled and compared under another name first: what has its own name is whole. What a run that
 * died had begun is dropped by whoever takes the locks next.
 */
export const carryDatabase: CutoverKind<CarryDatabase> = {
  words: ({ database }) => [database, 'carry over, compare'],
  perform: carry,
}
