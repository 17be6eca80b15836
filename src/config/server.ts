import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { Secret } from '../model/secret.ts'
import type { Credentials, PemFile, ServerAddress, Tls } from '../model/types.ts'
import { parseEnvFile } from './env-file.ts'
import type { Config, Variables } from './load.ts'
import { type PasswordSource, readPassword, resolveSource } from './password.ts'
import type { ConfigFile } from './schema.ts'
import { parseServerUrl, type ServerUrl } from './server-url.ts'

type Server = NonNullable<ConfigFile['environments'][string]['server']>

/** Where a server is, who we are there, and where the password stands, in words. */
export type KnownServer = {
  address: ServerAddress
  credentials: Credentials
  source: string
  /** Files that it was read from, for whoever looks after their modes. */
  files: PasswordSource['files']
}

/** `db.example.org:5432`; of a URL the variable, which is read when it is needed. */
export const describeServer = ({ url_env, host, port = 5432 }: Server): string =>
  url_env ? `the server of ${url_env}` : `${host}:${port}`

/** As dbmate has it: the environment, then a file. */
const readUrl = ({ url_env = '', env_file }: Server, config: Config, env: Variables): [string, string] => {
  const given = env[url_env]
  if (given) return [given, url_env]
  const above = basename(config.directory) === 'infrastructure' ? [dirname(config.directory)] : []
  const files = env_file
    ? [resolve(config.directory, env_file)]
    : [config.directory, ...above].map((directory) => join(directory, '.env'))
  for (const file of files.filter(existsSync)) {
    const value = parseEnvFile(readFileSync(file, 'utf8'), { file, hostEnv: env }).get(url_env)
    if (value) return [value, `${url_env} in ${file}`]
  }
  throw usageError(
    `${url_env} is set neither in the environment nor in ${files.join(' or ')}.`,
    `export ${url_env}=postgres://USER:PASSWORD@HOST:PORT/`,
  )
}

const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m

const readPem = (path: string, name: string): PemFile => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw usageError(`The file of tls.${name} cannot be read: ${(cause as Error).message}.`, `ls -l ${path}`)
  }
  if (!text.includes('-----BEGIN '))
    throw usageError(`${path}, the file of tls.${name}, is no PEM file.`, `openssl x509 -in ${path} -out NEW`)
  if (encrypted.test(text))
    throw usageError(
      `${path}, the file of tls.${name}, is encrypted, and nobody is there to type its passphrase.`,
      `openssl pkey -in ${path} -out NEW, then: chmod 600 NEW`,
    )
  return { path, text }
}

const loopback = /^(?:localhost|127(?:\.\d+){3}|::1)$/i

type Given = { server: Server; url: Partial<ServerUrl>; host: string }

const readTls = ({ server, url, host }: Given, config: Config): Tls => {
  const files = { ca: url.ca, cert: url.cert, key: url.key, ...server.tls }
  const pem = (name: 'ca' | 'cert' | 'key'): Partial<Tls> => {
    const file = files[name]
    return file ? { [name]: readPem(resolve(config.directory, file), name) } : {}
  }
  const asked = server.tls?.mode ?? url.mode ?? (loopback.test(host) ? 'disable' : 'require')
  // As libpq has it: who names certificates to trust wants them looked at.
  const mode = asked === 'require' && files.ca ? 'verify-ca' : asked
  return { mode, ...pem('ca'), ...pem('cert'), ...pem('key') }
}

const lineEnd = /[\r\n]/

const single = (password: string, source: string): Secret => {
  if (!lineEnd.test(password)) return new Secret(password)
  throw usageError(`The password in ${source} contains a newline.`, 'use a password without one', [
    'The Postgres client reads passwords from a file of lines.',
  ])
}

type Beside = { config: Config; composed: Variables; source: string }

/** The password that stands in a file; a server may want none. */
const readBeside = (named: Server['password'], { config, composed, source }: Beside) => {
  if (!named) return { password: new Secret(''), source, files: [] }
  const found = resolveSource(config, named)
  const { files, key } = found
  return { password: readPassword(found, composed), source: `${key} in ${files.at(-1)?.path}`, files }
}

/**
 * What an environment's `server:` says, with the URL (of the shell's own `env`), the password and the certificates that it refers to.
 * @throws AppError (exit 2): something of it is missing, cannot be read, or asks for what would not be kept.
 */
export const readServer = (
  config: Config,
  environment: string,
  { env, composed }: { env: Variables; composed: Variables },
): KnownServer | undefined => {
  const { server, user, password: beside } = config.environments[environment] ?? {}
  if (!server) return undefined
  const [text, source] = server.url_env ? readUrl(server, config, env) : ['', 'the config']
  const url: Partial<ServerUrl> = text ? parseServerUrl(text, source) : {}
  const host = server.host ?? url.host ?? ''
  const address = {
    host,
    port: server.port ?? url.port ?? 5432,
    tls: readTls({ server, url, host }, config),
    ...(server.image && { image: server.image }),
  }
  const { password, ...place } =
    url.password === undefined
      ? readBeside(server.password ?? beside, { config, composed, source })
      : { password: single(url.password, source), source, files: [] }
  return { address, credentials: { user: server.user ?? url.user ?? user ?? 'postgres', password }, ...place }
}
