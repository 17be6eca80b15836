import { execFileSync, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { eventually } from '../engine/docker.ts'
import { freePort } from '../engine/registry.ts'
import { type Major, provideBinaries } from './server-binaries.ts'

export type NativeServer = AsyncDisposable & {
  host: string
  port: number
  password: string
  /** Of the data; `server.log` lies in it. */
  directory: string
  /** Asks as the superuser `postgres`, or as another; answers the first column of the first row. */
  ask: (database: string, sql: string, user?: string) => Promise<unknown>
  log: () => string
}

export type NativeOptions = {
  /** Of initdb: pg_hba.conf gets it for every line. */
  auth?: 'scram-sha-256' | 'md5' | 'password' | 'trust'
  settings?: Record<string, string>
  /** Files that the server owns, before it starts; keys by their name. */
  files?: Record<string, string>
}

const password = 'a server of its own'
const nobody = 65534

/** A server refuses to run as root. */
const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}

/** A Postgres of a major as a process of this machine, on loopback, with a socket in a short directory. */
export const startNative = async (
  major: Major,
  { auth = 'scram-sha-256', settings = {}, files = {} }: NativeOptions = {},
): Promise<NativeServer> => {
  const native = await provideBinaries(major)
  const home = mkdtempSync('/tmp/pmt-pg-')
  const directory = join(home, 'data')
  const own = (path: string): void => {
    if ('uid' in identity) chownSync(path, nobody, nobody)
  }
  own(home)
  const write = (path: string, text: string): void => {
    writeFileSync(path, text, { mode: 0o600 })
    own(path)
  }
  const passwordFile = join(home, 'password')
  write(passwordFile, password)
  const environment = { PATH: process.env.PATH, LC_ALL: 'C' }
  const initdb = ['-D', directory, '-U', 'postgres', `--pwfile=${passwordFile}`, `--auth=${auth}`]
  execFileSync(join(native, 'bin/initdb'), [...initdb, '--encoding=UTF8', '--locale=C', '--no-sync'], {
    ...identity,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  for (const [name, text] of Object.entries(files)) write(join(directory, name), text)
  const port = await freePort()
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: home, fsync: 'off', ...settings }
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const logFile = join(home, 'server.log')
  write(logFile, '')
  const output = openSync(logFile, 'a')
  const server = spawn(join(native, 'bin/postgres'), ['-D', directory, '-p', String(port), ...args], {
    ...identity,
    env: environment,
    stdio: ['ignore', output, output],
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const ask: NativeServer['ask'] = async (database, sql, user = 'postgres') => {
    // Over the socket, so that nothing that a test does to the way by TCP is in its own way.
    const client = new pg.Client({ host: home, port, database, user, password })
    await client.connect()
    try {
      const { rows } = await client.query({ text: sql, rowMode: 'array' })
      return rows?.[0]?.[0]
    } finally {
      await client.end()
    }
  }
  const log = (): string => readFileSync(logFile, 'utf8')
  await eventually('Postgres to take sessions', () => {
    if (server.exitCode !== null) throw new Error(`Postgres ended: ${log()}`)
    return ask('postgres', 'select 1').catch(() => undefined) as Promise<number | undefined>
  })
  return {
    host: '127.0.0.1',
    port,
    password,
    directory,
    ask,
    log,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGINT')
      await ended
      rmSync(home, { recursive: true, force: true })
    },
  }
}
