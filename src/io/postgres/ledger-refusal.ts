import { AppError, exitCodes } from '../../errors.ts'
import { lookAtDisk, pasteAsSuperuser } from '../../model/paste.ts'
import type { Server } from './postgres.ts'

/** As the driver gives Postgres' own answer. */
type Answer = Error & { code?: string; severity?: string; where?: string }

type Surroundings = {
  role: string
  schema: boolean
  ledger: boolean
  standby: boolean
  /** Whose setting keeps the session from writing: `user`, `database`, `database user`, … */
  source: string
  triggers: string[]
}

const surroundingsSql = `
select current_user as role, pg_catalog.to_regnamespace('po_migrate') is not null as schema,
  exists (
    select from pg_catalog.pg_class c where c.relname = 'ledger' and c.relnamespace = pg_catalog.to_regnamespace('po_migrate')
  ) as ledger,
  pg_catalog.pg_is_in_recovery() as standby,
  (select source from pg_catalog.pg_settings where name = 'default_transaction_read_only') as source,
  array(select evtname::text from pg_catalog.pg_event_trigger where evtenabled in ('O', 'A') order by 1) as triggers`

/** Where a read-only database's own setting does not reach. */
const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

const grants = ({ role, schema, ledger }: Surroundings, database: string): string[] => {
  const to = quote(role)
  if (ledger)
    return [
      `grant usage on schema po_migrate to ${to}`,
      `grant select, insert, update on po_migrate.ledger to ${to}`,
    ]
  return schema
    ? [`grant usage, create on schema po_migrate to ${to}`]
    : [`grant create on database ${quote(database)} to ${to}`]
}

const writable = ({ role, source }: Surroundings, database: string): string[] => {
  const setting = 'default_transaction_read_only'
  if (source === 'user') return [`alter role ${quote(role)} reset ${setting}`]
  if (source === 'database') return [`alter database ${quote(database)} reset ${setting}`]
  if (source === 'database user')
    return [`alter role ${quote(role)} in database ${quote(database)} reset ${setting}`]
  return [`alter system set ${setting} = off`, 'select pg_reload_conf()']
}

/** What a superuser pastes, or types, so that the row can be written. */
const remedy = (
  { code = '' }: Answer,
  found: Surroundings,
  { server, database, create }: RefusalContext,
): string => {
  const paste = (sql: readonly string[]): string => pasteAsSuperuser(server, database, sql)
  if (code === '42501') return paste(grants(found, database))
  if (code === '25006')
    return found.standby
      ? 'name the primary in the config: this server is a standby'
      : pasteAsSuperuser(server, server.maintenance, writable(found, database))
  if (code.startsWith('53')) return lookAtDisk(server)
  if (found.triggers.length > 0 && !found.ledger) {
    const quiet = ['set session_replication_role = replica', create.replaceAll(/\s+/g, ' ').trim()]
    return paste([...quiet, ...grants({ ...found, ledger: true }, database)])
  }
  return paste(['\\d po_migrate.ledger'])
}

export type RefusalContext = {
  server: Server
  database: string
  /** The statements that make the ledger. */
  create: string
}

/** What Postgres has against the ledger, as an AppError with a remedy; lost connections are passed on. */
export const explainRefusal = async (error: unknown, context: RefusalContext): Promise<unknown> => {
  const { server, database } = context
  const answer = error as Answer
  if (answer.severity !== 'ERROR') return error
  const [found] = await server.query<Surroundings>(database, surroundingsSql).catch(() => [])
  const { message, code, where } = answer
  return new AppError(`${database}: Postgres refused the ledger, po_migrate.ledger: ${message} (${code}).`, {
    exitCode: exitCodes.refused,
    details: [
      ...(where ? [where] : []),
      ...(found?.triggers.length ? [`event triggers of this database: ${found.triggers.join(', ')}`] : []),
    ],
    ...(found && { hint: remedy(answer, found, context) }),
    cause: error,
  })
}
