import { AppError, type AppErrorOptions, exitCodes } from '../../errors.ts'
import { type PasteTarget, pasteAsSuperuser, pasteSql } from '../../model/paste.ts'
import { quote } from '../../model/quote.ts'
import { defaultMaintenance, quoteIdentifier } from '../../model/sql.ts'
import { NotTheServer } from './direct-route.ts'
import type { ServerOptions } from './server-options.ts'
import { explainTls } from './tls-error.ts'

/** What Postgres answers, or the driver says. */
export type ConnectionFailure = Error & {
  code?: string
  severity?: string
  routine?: string
  /** Of a function in which it happened. */
  where?: string
}

/** Not up yet: TCP says no, or Postgres is starting, shutting down or recovering (57P03). */
const notYet = new Set(['ECONNREFUSED', 'ECONNRESET', '57P03', '57P01', '57P02'])
const terminated = 'Connection terminated'
/** How the driver says it, once a session is gone or its server silent. */
const lostConnection = /not queryable|Connection terminated|Query read timeout/
const foreignStartup = /unsupported startup parameter/
const invalidDatabase = /invalid database/

/** Whether it is worth asking again in a moment. */
export const isNotYet = (error: ConnectionFailure): boolean =>
  notYet.has(error.code ?? '') || error.message.includes(terminated)

/** Somebody answered, Postgres or another: it is not the way that is missing. */
export const isRefusal = (error: ConnectionFailure): boolean =>
  error.severity !== undefined || error instanceof NotTheServer

/** A session that somebody ended: an administrator, a crash, a timeout (idle_session, idle_in_transaction, transaction). */
const ended = new Set(['57P01', '57P02', '57P04', '57P05', '25P03', '25P04'])
export const isEnded = (error: ConnectionFailure): boolean => ended.has(error.code ?? '')

type Target = ServerOptions & { database: string }

const pasteTarget = ({
  label,
  port,
  credentials,
  address,
  maintenance = defaultMaintenance,
}: Target): PasteTarget => ({
  label,
  port,
  user: credentials.user,
  maintenance,
  address,
})

const paste = (target: Target, sql: string): string => {
  const server = pasteTarget(target)
  return pasteSql(server, server.maintenance, [sql])
}
const pasteAsAdmin = (target: Target, sql: string): string => {
  const server = pasteTarget(target)
  return pasteAsSuperuser(server, server.maintenance, [sql])
}
type Explanation = Omit<AppErrorOptions, 'exitCode' | 'cause'> & { message: string; refused?: boolean }

const retry = ({ environment }: Target): string => `po-migrate doctor${environment ? ` ${environment}` : ''}`

const otherServer = ({ message }: NotTheServer, target: Target): Explanation => {
  const { label, environment = 'ENV', address } = target
  if (!address)
    return {
      message: `At the address of ${label}, ${message}, and there is no way through the container.`,
      hint: retry(target),
    }
  const asks = message.includes('asks for')
  return {
    message: `At ${label}, ${message}.`,
    details: asks
      ? ['The password is kept from whoever proves nothing: neither SCRAM nor a certificate.']
      : [],
    hint: asks
      ? `set tls: { mode: verify-full } under environments.${environment}.server, or auth: any beside it`
      : retry(target),
  }
}

/** `server:` of the config names it; a service or a container is found by the tool, wherever in a swarm it runs. */
const isNamed = (address: Target['address']): boolean => address !== undefined && !address.inside

const poolerFound = ({ label, environment = 'ENV', address }: Target): Explanation => ({
  refused: true,
  message: `A connection pooler answers for ${label}, not Postgres itself.`,
  details: [
    'Locks and settings belong to sessions, which a pooler shares out: two runs could hold one lock.',
  ],
  hint: isNamed(address)
    ? `name Postgres itself in environments.${environment}.server`
    : `set service: and port: under environments.${environment} to Postgres itself`,
})

const refusedPassword = (
  { message }: Error,
  { label, credentials, passwordHint, address }: Target,
): Explanation => ({
  message: `Postgres on ${label} refused the password of "${credentials.user}": ${message}.`,
  details: isNamed(address)
    ? []
    : ['A volume keeps the password of its first start; changing the env file later does not change it.'],
  hint: passwordHint,
})

/** A role that is not there, or may not log in. */
const refusedRole = ({ message }: Error, target: Target): Explanation => {
  const { label, credentials } = target
  const role = quoteIdentifier(credentials.user)
  const missing = message.includes('does not exist')
  return {
    message: `Postgres on ${label} does not let ${role} in: ${message}.`,
    hint: missing
      ? `set user: under environments.${target.environment ?? 'ENV'} to a role that is there`
      : pasteAsAdmin(target, `alter role ${role} login`),
  }
}

/** pg_hba.conf has the last word on addresses, roles and encryption; the inside of a Docker network is not encrypted. */
const refusedByHba = ({ message }: Error, target: Target): Explanation => {
  const { label, credentials } = target
  const sql =
    'select line_number, type, database, user_name, address, auth_method, error from pg_hba_file_rules order by 1'
  return {
    message: `pg_hba.conf of Postgres on ${label} does not let "${credentials.user}" in from here: ${message}.`,
    details: [
      target.address
        ? `The session was asked for with tls: ${target.address.tls.mode}; a "hostssl" line matches only an encrypted one.`
        : 'Sessions come unencrypted from the Docker network: a "host" or "hostnossl" line with scram-sha-256 has to match before any other; a "hostssl" line never does.',
    ],
    hint: paste(target, sql),
  }
}

const tooMany = ({ message }: Error, target: Target): Explanation => {
  const sql =
    "select datname, usename, application_name, state, count(*) from pg_stat_activity where backend_type = 'client backend' group by 1, 2, 3, 4 order by 5 desc"
  return {
    message: `Postgres on ${target.label} takes no more sessions: ${message}.`,
    details: [
      'Whoever holds them, idle ones too, is listed by the command; raise max_connections, or end some.',
    ],
    hint: paste(target, sql),
  }
}

/** The one where locks are held may be closed, as at a managed server: the config can name another. */
const otherMaintenance = ({ environment = 'ENV' }: Target): string =>
  `set maintenance: under environments.${environment} to a database that lets it in`

const isMaintenance = ({ database, maintenance = defaultMaintenance }: Target): boolean =>
  database === maintenance

const noDatabase = ({ message }: Error, target: Target): Explanation => {
  const { label, database, credentials, port, address } = target
  // Where the database to paste into is the one that is missing, any server has template1.
  const make = address
    ? pasteSql(pasteTarget(target), 'template1', [`create database ${quoteIdentifier(database)}`])
    : `docker exec ${label} createdb -U ${quote(credentials.user)} -p ${port} ${quote(database)}`
  const locks = isMaintenance(target)
  return {
    message: `Postgres on ${label} has no database "${database}"${locks ? ', where locks are held' : ''}: ${message}.`,
    hint: locks ? `${make}\n${otherMaintenance(target)}` : make,
  }
}

/** What a DROP DATABASE that was cut short leaves (datconnlimit = -2), and a database that was closed by hand. */
const closedDatabase = ({ message }: Error, target: Target): Explanation => {
  const { label, database } = target
  const name = quoteIdentifier(database)
  if (invalidDatabase.test(message))
    return {
      refused: true,
      message: `${database} on ${label} is invalid: a DROP DATABASE was cut short, and nothing but dropping it is possible.`,
      details: ['A backup can be restored in its place.'],
      hint: paste(target, `DROP DATABASE ${name}`),
    }
  return {
    refused: true,
    message: `${database} on ${label} takes no connections: ${message}.`,
    hint: isMaintenance(target)
      ? otherMaintenance(target)
      : paste(target, `alter database ${name} allow_connections true`),
  }
}

const withoutTriggers = "PGOPTIONS='-c event_triggers=off'"
const disableLoginTriggers = `do $$ declare name text; begin
for name in select evtname from pg_event_trigger where evtevent = 'login' loop
execute format('alter event trigger %I disable', name); end loop; end $$`.replaceAll('\n', ' ')

/** Only a function that runs at the login, an event trigger of Postgres 17, can fail there. */
const refusedByTrigger = ({ message }: Error, target: Target): Explanation => {
  const { label, database } = target
  const command = pasteSql(pasteTarget(target), database, [disableLoginTriggers])
  return {
    refused: true,
    message: `An event trigger on login lets nobody into ${database} on ${label}: ${message}.`,
    details: ['A superuser gets in without it, and disables it by the command.'],
    hint: command.includes('docker exec ')
      ? command.replace('docker exec ', `docker exec --env ${withoutTriggers} `)
      : `${withoutTriggers} ${command}`,
  }
}

const noPrivilege = ({ message }: Error, target: Target): Explanation => {
  const { label, database, credentials } = target
  const grant = `grant connect on database ${quoteIdentifier(database)} to ${quoteIdentifier(credentials.user)}`
  return {
    message: `Postgres on ${label} does not let "${credentials.user}" into ${database}: ${message}.`,
    hint: isMaintenance(target) ? otherMaintenance(target) : pasteAsAdmin(target, grant),
  }
}

const starting = ({ message }: Error, target: Target): Explanation => ({
  message: `Postgres on ${target.label} takes no sessions now: ${message}.`,
  details: [`It was waited for ${Math.round(target.wait / 1000)} s, which wait: in the config changes.`],
  hint: retry(target),
})

/** It was open, or about to be: nothing was refused. */
const endedSession = ({ message, code }: ConnectionFailure, target: Target): Explanation => ({
  message: `The session with ${target.database} on ${target.label} was ended: ${message} (${code}).`,
  hint: retry(target),
})

type Explain = (error: Error, target: Target) => Explanation

const byState: Record<string, Explain> = {
  '28P01': refusedPassword,
  '3D000': noDatabase,
  '53300': tooMany,
  '57P03': starting,
  '55000': closedDatabase,
  '42501': noPrivilege,
}

/** 28000 says many things; the routine says which, in every language. */
const explainState = (error: ConnectionFailure): Explain | undefined => {
  if (error.code === '28000') return error.routine === 'ClientAuthentication' ? refusedByHba : refusedRole
  return byState[error.code ?? '']
}

const unreachable = (error: ConnectionFailure, target: Target): Explanation => {
  // Of several addresses that were tried, Node says only the code.
  const said = error.message || error.code
  const why = lostConnection.test(error.message) ? 'the connection was lost' : said
  return {
    message: `Postgres on ${target.label} cannot be reached: ${why}.`,
    hint: target.address ? retry(target) : `docker logs --tail 20 ${target.label}`,
  }
}

const explain = (error: ConnectionFailure, target: Target): Explanation => {
  const { label } = target
  if (foreignStartup.test(error.message)) return poolerFound(target)
  if (error instanceof NotTheServer) return error.pooler ? poolerFound(target) : otherServer(error, target)
  const insecure = target.address && explainTls(error, target.address, label)
  if (insecure) return insecure
  if (error.where !== undefined) return refusedByTrigger(error, target)
  const said = isEnded(error) ? endedSession : explainState(error)
  if (said) return said(error, target)
  if (error.severity === undefined) return unreachable(error, target)
  return {
    message: `Postgres on ${label} refused a session for ${target.database}: ${error.message}${error.code ? ` (${error.code})` : ''}.`,
    hint: retry(target),
  }
}

/** Why there is no session: what Postgres said, and the remedy for that. Exit 6, or 4 where only a person can help. */
export const explainConnection = (error: Error, target: Target): AppError => {
  if (error instanceof AppError) return error
  const { message, refused, ...rest } = explain(error, target)
  return new AppError(message, {
    exitCode: refused ? exitCodes.refused : exitCodes.unreachable,
    cause: error,
    ...rest,
  })
}
