import { join } from 'node:path'
import { type CommandResult, run } from './docker.ts'
import type { TestPostgres } from './postgres.ts'

const binary = join(import.meta.dirname, '../../node_modules/.bin/dbmate')

export type NativeDbmate = {
  database: string
  /** Migrations directory. */
  directory: string
  /** Flags before the verb. */
  flags?: readonly string[]
  searchPath?: string
}

/** dbmate itself, as someone would type it, against a throwaway server: what the tool is compared with. */
export const dbmate = (
  { host, port, password }: Pick<TestPostgres, 'host' | 'port' | 'password'>,
  { database, directory, flags = [], searchPath }: NativeDbmate,
  verb: string,
): Promise<CommandResult> => {
  const query = new URLSearchParams({ sslmode: 'disable', ...(searchPath && { search_path: searchPath }) })
  const url = `postgres://postgres:${encodeURIComponent(password)}@${host}:${port}/${database}?${query}`
  return run(binary, ['--url', url, '--migrations-dir', directory, '--no-dump-schema', ...flags, verb])
}
