import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { requireVolumeHere } from '../../../src/config/resolve.ts'
import { type KnownServer, readServer } from '../../../src/config/server.ts'

let directory: string
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), text)
}
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pmt-server-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const configOf = (server: string, rest = '') => {
  write(
    'infrastructure/migrate.yaml',
    `dbmate: { image: dbmate:1 }\nenvironments:\n  prod:\n    server: ${server}\n${rest}`,
  )
  return loadConfig({ cwd: directory, env: {} })
}
const read = (server: string, env: Record<string, string> = {}): KnownServer | undefined =>
  readServer(configOf(server), 'prod', { env, composed: {} })

const refusing = (why: string) =>
  expect.objectContaining({ exitCode: 2, message: expect.stringContaining(why) })
const pem = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n'

describe('server:', () => {
  it('needs no host, no network and no password file beside it', () => {
    const { address, credentials } = read('{ host: db.example.org }') ?? {}
    expect(address).toEqual({ host: 'db.example.org', port: 5432, tls: { mode: 'require' } })
    expect(credentials?.user).toBe('postgres')
  })

  it('is encrypted unless it is on loopback or says otherwise', () => {
    expect(read('{ host: localhost }')?.address.tls.mode).toBe('disable')
    expect(read('{ host: "::1" }')?.address.tls.mode).toBe('disable')
    expect(read('{ host: 10.0.0.7 }')?.address.tls.mode).toBe('require')
    expect(read('{ host: db, tls: { mode: disable } }')?.address.tls.mode).toBe('disable')
  })

  it('looks at the certificate where it is told whom to trust', () => {
    write('infrastructure/ca.pem', pem)
    const { tls } = read('{ host: db, tls: { mode: require, ca: ca.pem } }')?.address ?? {}
    expect(tls).toEqual({
      mode: 'verify-ca',
      ca: { path: join(directory, 'infrastructure/ca.pem'), text: pem },
    })
  })

  it('takes its URL from the environment, else from .env beside the config or above it', () => {
    write('.env', "DATABASE_URL='postgres://above:secret@db/x'\n")
    expect(read('{ url_env: DATABASE_URL }')?.credentials.user).toBe('above')
    write('infrastructure/.env', 'DATABASE_URL=postgres://beside@db/x\n')
    expect(read('{ url_env: DATABASE_URL }')?.credentials.user).toBe('beside')
    const env = { DATABASE_URL: 'postgres://shell:p%25ss@db:5433/x?sslmode=disable' }
    const known = read('{ url_env: DATABASE_URL }', env)
    expect(known?.address).toEqual({ host: 'db', port: 5433, tls: { mode: 'disable' } })
    expect(known?.credentials.password.reveal()).toBe('p%ss')
    expect(() => read('{ url_env: OTHER_URL }')).toThrow(
      refusing('OTHER_URL is set neither in the environment'),
    )
  })

  it('reads a password from an env file too', () => {
    write('infrastructure/db.env', "POSTGRES_PASSWORD='its'\nOTHER=mine\n")
    const known = read('{ host: db, user: me, password: { env_file: db.env, key: OTHER } }')
    expect(known?.credentials.password.reveal()).toBe('mine')
    expect(known?.source).toContain('OTHER in ')
  })

  it.each([
    ['{ port: 5432 }', 'server.host'],
    ['{ url_env: A, host: db }', 'server.url_env'],
    ['{ host: db, tls: { mode: prefer } }', 'server.tls.mode'],
    ['{ host: db, tls: { mode: require, cert: a.pem } }', 'server.tls.key'],
    ['{ host: db, tls: { mode: disable, ca: a.pem } }', 'server.tls.mode'],
  ])('%s is refused by its path', (server, path) => {
    expect(() => configOf(server)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        details: [expect.stringContaining(`environments.prod.${path}`)],
      }),
    )
  })

  it('refuses a key that somebody would have to unlock, and what is no certificate', () => {
    write('infrastructure/me.key', '-----BEGIN ENCRYPTED PRIVATE KEY-----\n')
    write('infrastructure/me.pem', pem)
    const tls = (ca: string): string =>
      `{ host: db, tls: { mode: verify-full, ca: ${ca}, cert: me.pem, key: me.key } }`
    expect(() => read(tls('me.pem'))).toThrow(refusing('is encrypted'))
    write('infrastructure/binary.der', '0\u0001')
    expect(() => read(tls('binary.der'))).toThrow(refusing('is no PEM file'))
    expect(() => read(tls('absent.pem'))).toThrow(refusing('tls.ca cannot be read'))
  })

  it('has no volume to start or to cut over', () => {
    const config = configOf('{ host: db }')
    expect(() => requireVolumeHere(config, 'prod')).toThrow(
      refusing('Postgres of prod is db:5432: it has no volume here'),
    )
    const hosted = configOf('{ host: db }', '    host: vps\nhosts:\n  vps: {}\n')
    expect(() => requireVolumeHere(hosted, 'vps')).toThrow(refusing('it has no volume here'))
  })

  it('is none of a host that has another environment with a volume, nor of a name that is nobody', () => {
    const qual = '  qual: { host: vps, network: net, password: { env_file: a.env } }\n'
    const both = configOf('{ host: db }', `    host: vps\n${qual}hosts:\n  vps: {}\n`)
    for (const name of ['vps', 'qual', 'nobody']) expect(() => requireVolumeHere(both, name)).not.toThrow()
    expect(() => requireVolumeHere(both, 'prod')).toThrow(refusing('it has no volume here'))
  })
})
