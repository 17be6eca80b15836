import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseEnvFile } from '../config/env-file.ts'
import type { Variables } from '../config/load.ts'
import { hostless, parseServerUrl } from '../config/server-url.ts'
import type { UrlFacts } from './plan/facts.ts'

const key = 'DATABASE_URL'
const schemes = new Set(['postgres:', 'postgresql:'])

export type DbmateSettings = {
  url?: UrlFacts
  directory?: string | undefined
  table?: string | undefined
  notes: string[]
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const kept = new Set(['sslmode', 'sslrootcert', 'sslcert', 'sslkey'])
/** They ask for less than a session without TLS being refused: what `tls:` is when left out is no less. */
const lesser = new Set(['allow', 'prefer'])

/** Without what a server's URL may not say, and a config says elsewhere. */
const plainOf = (url: URL): string => {
  const plain = new URL(url)
  for (const [name, value] of url.searchParams)
    if (!kept.has(name) || lesser.has(value)) plain.searchParams.delete(name)
  return plain.href
}

/** How a config can lead there: by the URL itself, by what it says, or not at all. */
const judge = (text: string, url: URL): Pick<UrlFacts, 'unusable' | 'spelled'> => {
  const isSocket = url.searchParams.has('socket') || url.searchParams.has('host')
  try {
    parseServerUrl(text, key)
    return {}
  } catch (error) {
    if (isSocket) return { unusable: (error as Error).message }
  }
  try {
    const { mode, ca, cert, key: pem } = parseServerUrl(hostless.test(text) ? text : plainOf(url), key)
    const tls = { ...(mode && { mode }), ...(ca && { ca }), ...(cert && { cert }), ...(pem && { key: pem }) }
    return { spelled: tls }
  } catch (error) {
    return { unusable: (error as Error).message }
  }
}

const parseUrl = (text: string, file: string | undefined): UrlFacts | undefined => {
  const url = URL.parse(text.replace(hostless, '$&localhost'))
  if (!url || !schemes.has(url.protocol)) return undefined
  const searchPath = url.searchParams.get('search_path')
  return {
    key,
    ...(file !== undefined && { file }),
    host: url.hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: Number(url.port) || 5432,
    user: decode(url.username) || 'postgres',
    database: decode(url.pathname.slice(1)) || undefined,
    ...(searchPath && { searchPath }),
    hasPassword: url.password !== '',
    ...judge(text, url),
  }
}

const readFile = (file: string, env: Variables): Map<string, string> => {
  try {
    return parseEnvFile(readFileSync(file, 'utf8'), { file, hostEnv: env })
  } catch {
    // Not for us to judge: nothing of it is used.
    return new Map()
  }
}

/** What dbmate would read from the shell, and from the `.env` of the project. */
export const readDbmate = (root: string, env: Variables): DbmateSettings => {
  const file = join(root, '.env')
  const own = existsSync(file) ? readFile(file, env) : new Map<string, string>()
  const settingOf = (name: string): string | undefined => env[name] || own.get(name)
  const text = settingOf(key)
  const isOwn = text !== undefined && own.get(key) === text
  const url = text === undefined ? undefined : parseUrl(text, isOwn ? relative(root, file) : undefined)
  const notes = text !== undefined && !url ? [`${key} is no URL of a Postgres: it is not used`] : []
  return {
    ...(url && { url }),
    directory: settingOf('DBMATE_MIGRATIONS_DIR'),
    table: settingOf('DBMATE_MIGRATIONS_TABLE'),
    notes,
  }
}
