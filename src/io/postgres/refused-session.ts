import { pasteSql } from '../../model/paste.ts'
import { quote } from '../../model/quote.ts'
import { defaultMaintenance, quoteIdentifier } from '../../model/sql.ts'
import type { ConnectionFailure } from './connection-failure.ts'
import {
  type Explanation,
  isNamed,
  paste,
  pasteAsAdmin,
  pasteTarget,
  retry,
  type Target,
} from './session-target.ts'

const invalidDatabase = /invalid database/

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

type Explain = (error: Error, target: Target) => Explanation

const byState: Record<string, Explain> = {
  '28P01': refusedPassword,
  '3D000': noDatabase,
  '53300': tooMany,
  '57P03': starting,
  '55000': closedDatabase,
  '42501': noPrivilege,
}

/** What Postgres says by its SQLSTATE. 28000 says many things; the routine says which, in every language. */
export const explainState = (error: ConnectionFailure): Explain | undefined => {
  if (error.code === '28000') return error.routine === 'ClientAuthentication' ? refusedByHba : refusedRole
  return byState[error.code ?? '']
}
