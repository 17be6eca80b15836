import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Grant } from '../../model/grant.ts'
import type { DatabaseProperties } from '../../model/inventory.ts'
import { setSetting } from '../../model/sql.ts'
import type { Server } from './postgres.ts'

/** Databases that cannot be dumped as they are: closed ones, and templates that somebody made. */
export const readClosedDatabases = async (server: Server): Promise<string[]> => {
  const sql = `select datname as name from pg_catalog.pg_database
    where datname not in ('template0', 'template1') and (datistemplate or not datallowconn) order by 1`
  return (await server.query<{ name: string }>(server.maintenance, sql)).map(({ name }) => name)
}

/** What a server does for somebody else, and no dump holds. */
export type Tie = {
  kind: 'prepared transaction' | 'replication slot' | 'subscription'
  name: string
  database: string
}

export const readTies = (server: Server): Promise<Tie[]> =>
  server.query<Tie>(
    server.maintenance,
    `select 'prepared transaction' as kind, gid as name, database::text from pg_catalog.pg_prepared_xacts
    union all
    select 'replication slot', slot_name::text, coalesce(database::text, '') from pg_catalog.pg_replication_slots where not temporary
    union all
    select 'subscription', s.subname::text, d.datname::text
    from pg_catalog.pg_subscription s join pg_catalog.pg_database d on d.oid = s.subdbid
    order by 1, 2`,
  )

const notApplied = 'setting could not be applied'
const autoConf = "sourcefile like '%postgresql.auto.conf'"

/** What ALTER SYSTEM set, as `name=value`: it lies in the volume. What waits for a restart is among it. */
export const readSystemSettings = async (server: Server): Promise<string[]> => {
  const sql = `select name || '=' || setting as entry from pg_catalog.pg_file_settings
    where ${autoConf} and (error is null or error = $1) order by seqno`
  return (await server.query<{ entry: string }>(server.maintenance, sql, [notApplied])).map(
    ({ entry }) => entry,
  )
}

/** Whether something that ALTER SYSTEM set comes into effect by a restart only. */
export const needsRestart = async (server: Server): Promise<boolean> => {
  const sql = `select from pg_catalog.pg_file_settings where ${autoConf} and error = $1`
  return (await server.query(server.maintenance, sql, [notApplied])).length > 0
}

/** What lies beside the dumps of a cutover, of the server and of the databases that migrations make anew. */
export type KeptSettings = {
  /** `name=value`. */
  system: readonly string[]
  properties: readonly DatabaseProperties[]
  /** By database. */
  grants: Readonly<Record<string, readonly Grant[]>>
}

const settingsFile = 'settings.json'

/** No more readable than the dumps: a setting may hold a password (`primary_conninfo`). */
export const keepSettings = (directory: string, settings: KeptSettings): void => {
  const file = join(directory, settingsFile)
  writeFileSync(`${file}.new`, `${JSON.stringify(settings)}\n`, { mode: 0o640 })
  renameSync(`${file}.new`, file)
}

export const readKeptSettings = (directory: string): KeptSettings =>
  JSON.parse(readFileSync(join(directory, settingsFile), 'utf8'))

/** Sets it again. What only a restart brings into effect waits for the next one. */
export const writeSystemSettings = async (server: Server, entries: readonly string[]): Promise<void> => {
  for (const entry of entries) await server.query(server.maintenance, `alter system ${setSetting(entry)}`)
  if (entries.length > 0) await server.query(server.maintenance, 'select pg_catalog.pg_reload_conf()')
}
