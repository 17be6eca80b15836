import type { AppErrorOptions } from '../../errors.ts'
import { type PasteTarget, pasteAsSuperuser, pasteSql } from '../../model/paste.ts'
import { defaultMaintenance } from '../../model/sql.ts'
import type { ServerOptions } from './server-options.ts'

/** Where a session was asked for. */
export type Target = ServerOptions & { database: string }

export const pasteTarget = ({
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

/** A command that runs it in the maintenance database. */
export const paste = (target: Target, sql: string): string => {
  const server = pasteTarget(target)
  return pasteSql(server, server.maintenance, [sql])
}

export const pasteAsAdmin = (target: Target, sql: string): string => {
  const server = pasteTarget(target)
  return pasteAsSuperuser(server, server.maintenance, [sql])
}

/** Why there is none, and what to do. `refused`: only a person can help. */
export type Explanation = Omit<AppErrorOptions, 'exitCode' | 'cause'> & { message: string; refused?: boolean }

export const retry = ({ environment }: Target): string =>
  `po-migrate doctor${environment ? ` ${environment}` : ''}`

/** `server:` of the config names it; a service or a container is found by the tool, wherever in a swarm it runs. */
export const isNamed = (address: Target['address']): boolean => address !== undefined && !address.inside
