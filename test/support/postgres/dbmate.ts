import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type CommandResult, run } from '../engine/docker.ts'
import { dbmateImage } from '../engine/images.ts'
import type { TestPostgres } from './postgres.ts'

export type NativeDbmate = {
  database: string
  /** Migrations directory. */
  directory: string
  /** Flags before the verb. */
  flags?: readonly string[]
  searchPath?: string
}

const script = 'mkdir /tmp/m && tar -xf - -C /tmp/m && exec dbmate "$@"'

/** dbmate itself, as someone would run it by hand, against a throwaway server: what the tool is compared with. */
export const dbmate = async (
  { network, password }: Pick<TestPostgres, 'network' | 'password'>,
  { database, directory, flags = [], searchPath }: NativeDbmate,
  verb: string,
): Promise<CommandResult> => {
  const query = new URLSearchParams({ sslmode: 'disable', ...(searchPath && { search_path: searchPath }) })
  const url = `postgres://postgres:${encodeURIComponent(password)}@postgres:5432/${database}?${query}`
  const options = { encoding: 'buffer', maxBuffer: 2 ** 26 } as const
  const { stdout } = await promisify(execFile)('tar', ['-C', directory, '-cf', '-', '.'], options)
  const container = ['run', '--rm', '--interactive', '--network', network, '--entrypoint', 'sh', dbmateImage]
  const args = ['--url', url, '--migrations-dir', '/tmp/m', '--no-dump-schema', ...flags, verb]
  return run('docker', [...container, '-c', script, 'dbmate', ...args], { input: stdout })
}
