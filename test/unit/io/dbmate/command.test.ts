import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import {
  type DbmateCall,
  dbmateArguments,
  pgpass,
  quoteArguments,
} from '../../../../src/io/dbmate/command.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { managedDatabase } from '../../support/fixtures.ts'

const call = (change: Partial<DbmateCall> = {}): DbmateCall => ({
  managed: managedDatabase('iam', '_qual'),
  verb: 'up',
  directory: '/planned/files/iam/00001',
  address: '10.0.0.2',
  port: 5432,
  user: 'postgres',
  ...change,
})

const urlOf = (change: Partial<DbmateCall>): URL => new URL(dbmateArguments(call(change))[1] ?? '')

describe("dbmate's arguments", () => {
  it('stand before the verb, since its flags are positional', () => {
    expect(dbmateArguments(call())).toEqual([
      '--url',
      'postgres://postgres@10.0.0.2:5432/iam_qual?sslmode=disable&connect_timeout=10',
      '--migrations-dir',
      '/planned/files/iam/00001',
      '--migrations-table',
      'schema_migrations',
      '--no-dump-schema',
      'up',
    ])
  })

  it.each(['a b', 'a/b', 'a?b#c', 'a%20b', 'ä', 'a@b:c', "a'b", 'a\\b'])(
    'encode the odd name %j so that it is read back',
    (odd) => {
      const { pathname, username, hostname } = urlOf({ managed: managedDatabase(odd), user: odd })
      expect(decodeURIComponent(pathname.slice(1))).toBe(odd)
      expect(decodeURIComponent(username)).toBe(odd)
      expect(hostname).toBe('10.0.0.2')
    },
  )

  it('carry no password', () => {
    expect(urlOf({}).password).toBe('')
  })

  it('name an IPv6 address beside the URL, whose brackets dbmate would lose', () => {
    const [, url = ''] = dbmateArguments(call({ address: 'fd00::2' }))
    expect(url).toMatch(/^postgres:\/\/[^@]+@:5432\/.*[?&]host=fd00%3A%3A2$/)
  })

  it('hand on a search_path and a table in a schema of its own', () => {
    const managed = {
      ...managedDatabase('iam'),
      searchPath: 'app, public',
      migrationsTable: 'ops.versions',
    }
    expect(urlOf({ managed }).searchParams.get('search_path')).toBe('app, public')
    expect(dbmateArguments(call({ managed }))).toContain('ops.versions')
  })
})

describe("dbmate's arguments for a server with TLS", () => {
  const pem = (path: string) => ({ path, text: path })
  const tls = { mode: 'verify-full' as const, ca: pem('ca'), cert: pem('cert'), key: pem('key') }
  const way = { network: 'bridge', gateway: false, hostaddr: '10.1.2.3', tls }

  it('ask for exactly that mode, of the name, at the address that answered', () => {
    const url = urlOf({ address: 'db.example.org', way: { way, work: '/w' } })
    expect(url.hostname).toBe('db.example.org')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      sslmode: 'verify-full',
      hostaddr: '10.1.2.3',
      sslrootcert: '/w/.tls-ca.pem',
      sslcert: '/w/.tls-cert.pem',
      sslkey: '/w/.tls-key.pem',
    })
  })

  it('trust nobody by a file where nothing is to be verified', () => {
    const { searchParams } = urlOf({ way: { way: { ...way, tls: { mode: 'require' } }, work: '/w' } })
    expect(searchParams.get('sslmode')).toBe('require')
    expect(searchParams.has('sslrootcert')).toBe(false)
  })
})

describe('the password file', () => {
  it.each([
    ['postgres', '*:*:*:*:postgres\n'],
    ['a:b', '*:*:*:*:a\\:b\n'],
    ['a\\b', '*:*:*:*:a\\\\b\n'],
    ['\\:', '*:*:*:*:\\\\\\:\n'],
    [' #$&*%@/?=+"\' ', '*:*:*:*: #$&*%@/?=+"\' \n'],
    ['pässwörd', '*:*:*:*:pässwörd\n'],
    ['ﬁ①', '*:*:*:*:fi1\n'],
    ['a\u0308', '*:*:*:*:ä\n'],
  ])('holds %j as one escaped line, in its NFKC form', (password, line) => {
    expect(pgpass(new Secret(password))).toBe(line)
  })
})

describe('arguments quoted for a shell', () => {
  const odd = [
    "it's",
    '',
    ' ',
    '$(touch /tmp/x) `id` $HOME',
    '"double"',
    'back\\slash\\',
    'a;b|c&d>e<f*?[x]',
    '#no comment',
    '-n',
    'ünïcödé 😀',
    "''",
    '\ttab',
    '!history',
    '~',
  ]

  it('reach the command as they were, through the loop that reads them from stdin', () => {
    const script = `while IFS= read -r line; do eval "set -- $line"; printf '%s\\0' "$#" "$@"; done`
    const input = `${quoteArguments(odd)}\n${quoteArguments(['second', 'line'])}\n`
    const seen = execFileSync('sh', ['-c', script], { input, encoding: 'utf8' }).split('\0').slice(0, -1)
    expect(seen).toEqual([String(odd.length), ...odd, '2', 'second', 'line'])
  })
})
