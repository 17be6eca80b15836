import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Authority, makeAuthority } from '../support/postgres/certificates.ts'
import { type NativeServer, startNative } from '../support/postgres/native.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

let authority: Authority
let secure: NativeServer
let plain: NativeServer
const settings = { log_connections: 'on' }
const store = { shop: { '00001_a.sql': migration('create table a (id int);', 'drop table a;') } }

beforeAll(async () => {
  authority = makeAuthority()
  const { cert, key } = authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
  const hba = [
    'local all all trust',
    'hostssl all holder all cert clientcert=verify-full',
    'host all all all scram-sha-256',
  ]
  secure = await startNative(17, {
    settings: { ...settings, ssl: 'on', ssl_ca_file: 'ca.crt' },
    files: {
      'server.crt': cert,
      'server.key': key,
      'ca.crt': authority.ca,
      'pg_hba.conf': `${hba.join('\n')}\n`,
    },
  })
  await secure.ask('postgres', 'create role holder superuser login')
  plain = await startNative(17, { settings })
})
afterAll(async () => {
  await secure[Symbol.asyncDispose]()
  await plain[Symbol.asyncDispose]()
  authority[Symbol.dispose]()
})

type Tls = { mode: string; ca?: string; cert?: string; key?: string }

const projectFor = (server: NativeServer, given: object): Project => {
  const project = makeProject({
    network: '',
    password: server.password,
    store,
    edit: ({ environments: { dev } }) => {
      delete dev.network
      dev.wait = 0
      dev.server = { host: '127.0.0.1', port: server.port, ...given }
    },
  })
  project.write('infrastructure/ca.pem', authority.ca)
  return project
}
const tool = (project: Project, args: string, env: Record<string, string> = {}): Promise<ToolResult> =>
  runIn(project, args, { env: { XDG_STATE_HOME: join(project.directory, 'state'), ...env } })

/** What the server says of the sessions of runs. */
const sessions = ({ log }: NativeServer): string[] =>
  log()
    .split('\n')
    .filter((line) => /connection authorized: .*application_name=\d{8}T/.test(line))

describe('a session is as secure as the config asks, ours and dbmate’s alike', () => {
  it.each<[string, Tls]>([
    ['127.0.0.1', { mode: 'require' }],
    ['localhost', { mode: 'verify-ca', ca: 'ca.pem' }],
    ['localhost', { mode: 'verify-full', ca: 'ca.pem' }],
    ['127.0.0.1', { mode: 'verify-full', ca: 'ca.pem' }],
  ])('%s, %j', async (host, tls) => {
    using project = projectFor(secure, { host, tls })
    const before = sessions(secure).length
    await secure.ask('postgres', 'drop database if exists shop')
    expect(await tool(project, 'up dev')).toMatchObject({ exit: 0 })
    expect(await secure.ask('shop', 'select version from schema_migrations')).toBe('00001')
    const made = sessions(secure).slice(before)
    expect(made.filter((line) => line.includes(' dbmate')).length).toBeGreaterThan(0)
    expect(made.filter((line) => !line.includes('SSL enabled'))).toEqual([])
  })

  it('is shown with a certificate where the user has one, and needs no password then', async () => {
    const { cert, key } = authority.issue('holder')
    using project = projectFor(secure, {
      user: 'holder',
      tls: { mode: 'verify-full', ca: 'ca.pem', cert: 'me.pem', key: 'me.key' },
    })
    project.write('infrastructure/me.pem', cert)
    project.write('infrastructure/me.key', key)
    await secure.ask('postgres', 'drop database if exists shop')
    expect(await tool(project, 'up dev')).toMatchObject({ exit: 0 })
    expect(await secure.ask('shop', 'select version from schema_migrations')).toBe('00001')
  })

  it('asks for encryption where nothing is said and the way is not loopback, by URL as well', async () => {
    using project = projectFor(secure, {})
    project.write(
      'infrastructure/migrate.yaml',
      `project: shop\ndbmate: { image: 'po-migrate-test/dbmate:2.36.0' }\nenvironments: { dev: { server: { url_env: DATABASE_URL } } }\n`,
    )
    const password = encodeURIComponent(secure.password)
    const url = `postgres://postgres:${password}@localhost:${secure.port}/shop?sslmode=verify-full&sslrootcert=ca.pem`
    await secure.ask('postgres', 'drop database if exists shop')
    expect(await tool(project, 'up dev', { DATABASE_URL: url })).toMatchObject({ exit: 0 })
    expect(await secure.ask('shop', 'select version from schema_migrations')).toBe('00001')
  })
})

describe('nothing less is taken', () => {
  it.each<[string, Tls, string]>([
    ['127.0.0.1', { mode: 'verify-full' }, 'does not show itself as asked'],
    ['127.0.0.1', { mode: 'verify-ca' }, 'does not show itself as asked'],
    ['127.0.0.2', { mode: 'verify-full', ca: 'ca.pem' }, 'does not show itself as asked'],
  ])('%s, %j: %s', async (host, tls, words) => {
    // The name that the certificate lacks is this machine's as well.
    await using server = await startNative(17, {
      settings: { ...settings, listen_addresses: '127.0.0.1,127.0.0.2', ssl: 'on' },
      files: { 'server.crt': issued().cert, 'server.key': issued().key },
    })
    using project = projectFor(server, { host, port: server.port, tls })
    const { exit, stdout } = await tool(project, 'status dev')
    expect(stdout).toContain(words)
    expect(exit).toBe(6)
    expect(sessions(server)).toEqual([])
  })

  it.each(['require', 'verify-ca', 'verify-full'])('%s of a server without TLS', async (mode) => {
    using project = projectFor(plain, { tls: { mode, ...(mode !== 'require' && { ca: 'ca.pem' }) } })
    const { exit, stderr } = await tool(project, 'up dev')
    expect(stderr).toContain('speaks no TLS')
    expect(stderr).toContain('nothing less is taken')
    expect(exit).toBe(6)
    expect(sessions(plain)).toEqual([])
  })
})

let once: ReturnType<Authority['issue']> | undefined
const issued = (): ReturnType<Authority['issue']> => {
  once ??= authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
  return once
}
