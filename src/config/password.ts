import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { Secret } from '../model/secret.ts'
import { type EnvFileRules, parseEnvFile } from './env-file.ts'
import type { Config, Variables } from './load.ts'
import { parseRawEnvFile } from './raw-env-file.ts'
import { hostless } from './server-url.ts'

type EnvFile = { path: string; required: boolean; format?: 'raw' | 'value' }

export type PasswordSource = { key: string; files: readonly EnvFile[] }

type Password = NonNullable<Config['environments'][string]['password']>

/** Where a password stands: the key and the env files, absolute, in compose's order. */
export const resolveSource = (config: Config, { env_file, key }: Password): PasswordSource => {
  const files = [env_file].flat().map((entry) => {
    const { path, required, format } =
      typeof entry === 'string' ? { path: entry, required: true, format: undefined } : entry
    return { path: resolve(config.directory, path), required, ...(format && { format }) }
  })
  return { key, files }
}

/** Where an environment's password stands. */
export const passwordSource = (config: Config, environment: string): PasswordSource => {
  const password = config.environments[environment]?.password
  if (!password) throw usageError(`environments.${environment} has no password.`)
  return resolveSource(config, password)
}

const readEnvFile = ({ path, required }: EnvFile, key: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' && !required) return ''
    if (code === 'ENOENT')
      throw usageError(
        `The env file ${path} does not exist.`,
        existsSync(`${path}.example`)
          ? `cp ${path}.example ${path} && chmod 600 ${path}, then set ${key} in it`
          : `create it with a line ${key}='…', then: chmod 600 ${path}`,
      )
    throw usageError(
      `The env file ${path} cannot be read: ${code}.`,
      `sudo chmod g+r ${path}, or run as its owner`,
    )
  }
}

const url = /^postgres(?:ql)?:\/\//

/** The password in a `DATABASE_URL`, as dbmate has it. `place` is the variable and its files, since a URL is never shown. */
const ofUrl = (value: string | undefined, place: string): string | undefined => {
  if (value === undefined || !url.test(value)) return value
  const parsed = URL.parse(value.replace(hostless, '$&localhost'))
  if (!parsed)
    throw usageError(`The URL in ${place} cannot be read.`, 'write odd characters in it as %XX: a "/" is %2F')
  try {
    const password = decodeURIComponent(parsed.password)
    if (password) return password
  } catch {
    throw usageError(`The URL in ${place} has a "%" that begins no escape.`, 'write it as %25')
  }
  throw usageError(`The URL in ${place} has no password.`, 'write postgres://USER:PASSWORD@… there')
}

const lastNewline = /\r?\n$/

/** What a file says, to which those before it may be referred to. */
const parse = (
  text: string,
  { path: file, format }: EnvFile,
  {
    key,
    shell,
    ...beside
  }: { key: string; shell: Variables; before: ReadonlyMap<string, string>; rules: EnvFileRules },
): ReadonlyMap<string, string> => {
  if (format === 'value') return new Map([[key, text.replace(lastNewline, '')]])
  if (format === 'raw') return parseRawEnvFile(text, { file, hostEnv: shell })
  return parseEnvFile(text, { file, hostEnv: shell, ...beside })
}

/**
 * Reads a password as a container would get it from compose's `env_file:`, by the rules of one compose, which runs in the
 * environment `shell`.
 * @throws AppError (exit 2): file missing, unreadable or malformed (with the line), key absent or empty,
 * or a newline in the value, which a PGPASSFILE cannot hold.
 */
export const readPassword = (
  { key, files }: PasswordSource,
  shell: Variables,
  rules: EnvFileRules = '2.24',
): Secret => {
  let values: ReadonlyMap<string, string> = new Map()
  for (const file of files) {
    const found = parse(readEnvFile(file, key), file, { key, shell, before: values, rules })
    values = new Map([...values, ...found])
  }
  const where = files.map(({ path }) => path).join(', ')
  const value = ofUrl(values.get(key), `${key} of ${where}`)
  if (!value)
    throw usageError(`${key} is not set in ${where}.`, `add a line ${key}='…' to ${files.at(-1)?.path}`)
  if (value.includes('\n') || value.includes('\r')) {
    const why = 'The Postgres client reads passwords from a file of lines.'
    throw usageError(`${key} in ${where} contains a newline.`, 'use a password without one', [why])
  }
  return new Secret(value)
}
