import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setSetting } from '../model/sql.ts'
import type { Server } from './postgres.ts'

const maintenance = 'postgres'

/** Databases that cannot be dumped as they are: closed ones, and templates that somebody made. */
export const readClosedDatabases = async (server: Server): Promise<string[]> => {
  const sql = `select datname as name from pg_catalog.pg_database
    where datname not in ('template0', 'template1') and (datistemplate or not datallowconn) order by 1`
  return (await server.query<{ name: string }>(maintenance, sql)).map(({ name }) => name)
}

/** What ALTER SYSTEM set, as `name=value`: it lies in the volume. */
export const readSystemSettings = async (server: Server): Promise<string[]> => {
  const sql = `select name || '=' || setting as entry from pg_catalog.pg_file_settings
    where sourcefile like '%/postgresql.auto.conf' and error is null order by seqno`
  return (await server.query<{ entry: string }>(maintenance, sql)).map(({ entry }) => entry)
}

const settingsFile = 'system.json'

/** Beside the dumps, and no more readable than they: a setting may hold a password (`primary_conninfo`). */
export const keepSystemSettings = (directory: string, entries: readonly string[]): void =>
  writeFileSync(join(directory, settingsFile), `${JSON.stringify(entries)}\n`, { mode: 0o640 })

export const readKeptSettings = (directory: string): string[] =>
  JSON.parse(readFileSync(join(directory, settingsFile), 'utf8'))

/** Sets it again. What only a restart brings into effect waits for the next one. */
export const writeSystemSettings = async (server: Server, entries: readonly string[]): Promise<void> => {
  for (const entry of entries) await server.query(maintenance, `alter system ${setSetting(entry)}`)
  if (entries.length > 0) await server.query(maintenance, 'select pg_catalog.pg_reload_conf()')
}
