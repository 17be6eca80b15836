import { usageError } from '../errors.ts'
import type { TlsMode } from '../model/types.ts'

/** What a URL says of a server, as dbmate and libpq take it. */
export type ServerUrl = {
  host: string
  port: number
  user?: string
  password?: string
  mode?: TlsMode
  ca?: string
  cert?: string
  key?: string
}

const modes: ReadonlySet<string> = new Set<TlsMode>(['disable', 'require', 'verify-ca', 'verify-full'])
const schemes = new Set(['postgres:', 'postgresql:'])
/** Of no concern: ours are given to every session, and names are the run's. */
const ignored = new Set(['connect_timeout', 'application_name', 'fallback_application_name'])

/** A user and no host: the server's socket, to libpq and dbmate; no URL, to `URL`. */
export const hostless = /^postgres(?:ql)?:\/\/[^/?#]*@(?=[/?#]|$)/

/** Around an IPv6 address. */
const brackets = /^\[(.*)\]$/

type Refuse = (why: string, hint: string) => Error

const parseMode = (mode: string, refuse: Refuse): TlsMode => {
  if (modes.has(mode)) return mode as TlsMode
  throw refuse(
    `has sslmode=${mode}, by which a session may be less than it asks for`,
    'write sslmode=require, verify-full, or disable',
  )
}

const remedies: Record<string, string> = {
  search_path: 'write search_path: under databases.NAME instead',
  channel_binding: 'leave it out and write sslmode=verify-full: dbmate binds no channel',
}

/** Files by libpq's names. */
const files = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const

const parseParameter = (key: string, value: string, refuse: Refuse): Partial<ServerUrl> => {
  if (key === 'sslmode') return { mode: parseMode(value, refuse) }
  if (Object.hasOwn(files, key)) return { [files[key as keyof typeof files]]: value }
  if (key === 'host' || key === 'socket')
    throw refuse(
      'names a socket, which dbmate in its container does not reach',
      'write a host and a port on which Postgres listens',
    )
  if (ignored.has(key)) return {}
  throw refuse(`has ${key}, which is not understood`, remedies[key] ?? 'leave it out')
}

const parseParameters = (query: URLSearchParams, refuse: Refuse): Partial<ServerUrl> =>
  Object.assign({}, ...[...query].map(([key, value]) => parseParameter(key, value, refuse)))

const decode = (text: string, refuse: Refuse): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw refuse('has a "%" that begins no escape', 'write it as %25')
  }
}

/**
 * Takes a URL apart; `name` is its variable, since the URL itself is never shown.
 * @throws AppError (exit 2) for one that is none, or that asks for what would not be kept.
 */
export const parseServerUrl = (text: string, name: string): ServerUrl => {
  const refuse: Refuse = (why, hint) => usageError(`The URL in ${name} ${why}.`, hint)
  const example = 'write postgres://USER:PASSWORD@HOST:PORT/?sslmode=require, with odd characters as %XX'
  const noHost = () => refuse('names no host', 'write a host and a port on which Postgres listens')
  if (hostless.test(text)) throw noHost()
  if (!URL.canParse(text)) throw refuse('cannot be read', example)
  const url = new URL(text)
  if (!schemes.has(url.protocol)) throw refuse(`begins with ${url.protocol}, not with postgres:`, example)
  const parameters = parseParameters(url.searchParams, refuse)
  const host = decode(url.hostname, refuse).replace(brackets, '$1')
  if (host === '' || host.startsWith('/')) throw noHost()
  if (host.includes(',')) throw refuse('names several hosts', 'name the one that takes writes')
  return {
    ...parameters,
    host,
    port: Number(url.port) || 5432,
    ...(url.username && { user: decode(url.username, refuse) }),
    ...(url.password && { password: decode(url.password, refuse) }),
  }
}
