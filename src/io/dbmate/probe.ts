import { randomInt } from 'node:crypto'
import { AppError, exitCodes } from '../../errors.ts'
import { parseDbmateError } from '../../model/dbmate-error.ts'
import { parseMigration } from '../../model/migration.ts'
import type { ManagedDatabase } from '../../model/types.ts'
import type { Way } from '../docker/way.ts'
import type { Server, Session } from '../postgres/postgres.ts'
import type { Dbmate, PlannedFile } from './dbmate.ts'

/** First half of the key of the lock that dbmate has to see, "pomp". */
const space = 0x706f6d70
const says = 'po-migrate looks for its lock'
const sees = `${says}: found`
const misses = `${says}: absent`

/** Never applied, since it always fails; its table of versions is its session's own. */
const probeFile = (maintenance: string, key: number, pid: number): PlannedFile => {
  const lock = `locktype = 'advisory' and classid = ${space} and objid = ${key} and objsubid = 2 and pid = ${pid}`
  const sql = `do $$ begin if exists (select from pg_catalog.pg_locks where ${lock} and granted) then
  raise exception '${sees}'; else raise exception '${misses}'; end if; end $$;`
  const { migration } = parseMigration('1_probe.sql', `-- migrate:up\n${sql}\n\n-- migrate:down\n`)
  if (!migration) throw new Error('the probe is no migration')
  const managed: ManagedDatabase = {
    name: '.probe',
    database: maintenance,
    directory: '',
    migrationsTable: 'probe',
    versions: { schema: 'pg_temp', table: 'probe' },
  }
  return { managed, migration }
}

export type Probe = AsyncDisposable & {
  /** To be given to dbmate with the others. */
  file: PlannedFile
  /** The same, once it is proven; closed where it is not. @throws AppError (exit 4): dbmate reaches another server; (exit 6): none. */
  judge: (dbmate: Dbmate) => Promise<Dbmate>
}

const unreachable = (output: string, { server, way, environment }: ProbeOptions): AppError => {
  const { message, sqlState } = parseDbmateError(output)
  const { network } = way
  const from = network === 'host' ? 'on the network of this machine' : `on the network ${network}`
  const place = network === '' ? 'a process of this machine' : `in a container ${from}`
  const onThisMachine = way.gateway
    ? 'let Postgres listen on more than loopback, or publish its port on every address'
    : `set network: under environments.${environment} to a Docker network from which it can be reached`
  const reached = sqlState !== undefined
  return new AppError(
    `dbmate, ${place}, ${reached ? 'was refused by' : 'cannot reach'} ${server.label}: ${message}.`,
    {
      exitCode: exitCodes.unreachable,
      details: [`This process reaches it${network === '' ? '' : '; dbmate has another address there'}.`],
      hint: reached || network === '' ? `po-migrate doctor ${environment}` : onThisMachine,
    },
  )
}

const elsewhere = ({ server, way, environment }: ProbeOptions): AppError =>
  new AppError(
    `dbmate${way.network === '' ? '' : ', in its container,'} reaches another server than ${server.label}.`,
    {
      exitCode: exitCodes.refused,
      details: ['What is read and locked here would not be what is migrated there.'],
      hint: `name it under environments.${environment}.server as both can reach it`,
    },
  )

export type ProbeOptions = { server: Server; way: Way; environment: string }

/**
 * Proves that dbmate, in its container or as a process, and this process mean the same server: dbmate has to see an advisory lock that a session
 * of ours holds there. Nothing is written.
 */
export const openProbe = async (options: ProbeOptions): Promise<Probe> => {
  const { server } = options
  const key = randomInt(2 ** 31)
  const session: Session = await server.session(server.maintenance)
  await session.query('select pg_catalog.pg_advisory_lock($1, $2)', [space, key])
  const file = probeFile(server.maintenance, key, session.pid)
  return {
    file,
    judge: async (dbmate) => {
      const { output } = await dbmate.migrate('up', file, '')
      if (output.includes(sees)) return dbmate
      await dbmate[Symbol.asyncDispose]()
      throw output.includes(misses) ? elsewhere(options) : unreachable(output, options)
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}
