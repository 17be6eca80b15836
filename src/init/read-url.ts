import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseEnvFile } from '../config/env-file.ts'
import type { Variables } from '../config/load.ts'
import type { UrlFacts } from './plan/facts.ts'

const key = 'DATABASE_URL'
const schemes = new Set(['postgres:', 'postgresql:'])

export type DbmateSettings = {
  url?: UrlFacts
  directory?: string | undefined
  table?: string | undefined
  notes: string[]
}

const parseUrl = (text: string, file: string | undefined): UrlFacts | undefined => {
  const url = URL.parse(text)
  if (!url || !schemes.has(url.protocol)) return undefined
  const searchPath = url.searchParams.get('search_path')
  return {
    key,
    ...(file !== undefined && { file }),
    host: url.hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: Number(url.port) || 5432,
    user: decodeURIComponent(url.username) || 'postgres',
    database: decodeURIComponent(url.pathname.slice(1)),
    ...(searchPath && { searchPath }),
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
  const notes = text !== undefined && !url ? [`${key} is of no Postgres: it is not used`] : []
  return {
    ...(url && { url }),
    directory: settingOf('DBMATE_MIGRATIONS_DIR'),
    table: settingOf('DBMATE_MIGRATIONS_TABLE'),
    notes,
  }
}
