import { describe, expect, it } from 'vitest'
import { parseServerUrl } from '../../../src/config/server-url.ts'

const parse = (url: string) => parseServerUrl(url, 'DATABASE_URL')

describe("a server's URL", () => {
  it.each([
    ['postgres://db.example.org/shop', { host: 'db.example.org', port: 5432 }],
    ['postgresql://me@db:6432', { host: 'db', port: 6432, user: 'me' }],
    ['postgres://a%40b:p%2F%3A%40s@db/', { host: 'db', port: 5432, user: 'a@b', password: 'p/:@s' }],
    ['postgres://me:%20@[fd00::2]:5433/x', { host: 'fd00::2', port: 5433, user: 'me', password: ' ' }],
    [
      'postgres://db/x?sslmode=verify-full&sslrootcert=ca.pem&connect_timeout=3',
      { host: 'db', port: 5432, mode: 'verify-full', ca: 'ca.pem' },
    ],
    [
      'postgres://db/x?sslmode=require&sslcert=me.pem&sslkey=me.key',
      { host: 'db', port: 5432, mode: 'require', cert: 'me.pem', key: 'me.key' },
    ],
  ])('%s is taken apart', (url, parts) => {
    expect(parse(url)).toEqual(parts)
  })

  it.each([
    ['not a url', 'cannot be read'],
    ['mysql://db/x', 'begins with mysql:, not with postgres:'],
    ['postgres:///x?host=/run/postgresql', 'names a socket'],
    ['postgres://%2Frun%2Fpostgresql/x', 'names no host'],
    ['postgres:///x', 'names no host'],
    ['postgres://db/x?sslmode=prefer', 'sslmode=prefer'],
    ['postgres://db/x?sslmode=allow', 'sslmode=allow'],
    ['postgres://db/x?channel_binding=require', 'channel_binding'],
    ['postgres://db/x?search_path=app', 'search_path'],
    ['postgres://db/x?pgbouncer=true', 'pgbouncer'],
    ['postgres://me:50%off@db/x', '"%" that begins no escape'],
  ])('%s is refused, and never shown', (url, why) => {
    expect(() => parse(url)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(why) }),
    )
    expect(() => parse(url)).toThrow(expect.not.objectContaining({ message: expect.stringContaining(url) }))
  })
})
