import type { Secret } from '../../model/secret.ts'
import { sessionName } from '../../model/session.ts'
import type { Direction, ManagedDatabase } from '../../model/types.ts'
import { nameOfVersions } from '../../model/versions-table.ts'
import type { Way } from '../docker/way.ts'
import { tlsParameters } from '../postgres/tls-files.ts'

export type DbmateCall = {
  managed: ManagedDatabase
  verb: 'up' | 'rollback'
  /** Directory that holds only the file to apply. */
  directory: string
  address: string
  port: number
  user: string
  /** What is asked at `address`, where it is not the inside of a Docker network; its files lie in `work`. */
  way?: { way: Way; work: string } | undefined
}

/** dbmate's word for a direction; its rollback reverts the newest applied file of its directory, which holds only one. */
export const verbOf = (direction: Direction): DbmateCall['verb'] => (direction === 'up' ? 'up' : 'rollback')

/** Nothing secret: the password comes from PGPASSFILE. lib/pq would ask for TLS by default and wait without end. */
const databaseUrl = ({ managed, address, port, user, way: given }: DbmateCall): string => {
  const tls = tlsParameters(given?.way.tls, given?.work ?? '')
  const query = new URLSearchParams({ ...tls, connect_timeout: '10' })
  if (given?.way.hostaddr) query.set('hostaddr', given.way.hostaddr)
  if (managed.searchPath) query.set('search_path', managed.searchPath)
  // dbmate writes host and port anew without an IPv6 address' brackets; a host beside it passes as it is.
  const isSix = address.includes(':')
  if (isSix) query.set('host', address)
  const host = isSix ? '' : address
  return `postgres://${encodeURIComponent(user)}@${host}:${port}/${encodeURIComponent(managed.database)}?${query}`
}

/** Arguments of one dbmate call. Flags are positional: all of these go before the verb. */
export const dbmateArguments = (call: DbmateCall): string[] => [
  '--url',
  databaseUrl(call),
  '--migrations-dir',
  call.directory,
  '--migrations-table',
  // Without a schema dbmate takes the session's first one, after each file anew: a file may have changed it.
  call.managed.versions ? nameOfVersions(call.managed.versions) : call.managed.migrationsTable,
  '--no-dump-schema',
  call.verb,
]

/** Environment of a dbmate process: where the password is, and who is asking. */
export const sessionVariables = ({ run, work }: { run: string; work: string }): Record<string, string> => ({
  PGPASSFILE: `${work}/.pgpass`,
  PGAPPNAME: sessionName(run, 'dbmate'),
})

/** One line for every server; lib/pq does no SASLprep, so it gets the NFKC form that Postgres stored. */
export const pgpass = (password: Secret): string =>
  `*:*:*:*:${password.reveal().normalize('NFKC').replace(/[\\:]/g, '\\$&')}\n`

/** A line for a POSIX shell's `eval "set -- …"`. */
export const quoteArguments = (args: readonly string[]): string =>
  args.map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(' ')
