import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readDbmate } from '../../../src/init/read-url.ts'

const readIn = (text: string) => {
  const root = mkdtempSync(join(tmpdir(), 'pmt-url-'))
  writeFileSync(join(root, '.env'), text)
  try {
    return readDbmate(root, {})
  } finally {
    rmSync(root, { recursive: true })
  }
}

const shop = {
  key: 'DATABASE_URL',
  file: '.env',
  host: 'localhost',
  port: 5432,
  user: 'u',
  database: 'shop',
  hasPassword: true,
}

it.each([
  ['export and quotes', 'export DATABASE_URL="postgres://u:p@localhost/shop"\r\n', {}],
  ['a byte order mark', '\uFEFFDATABASE_URL=postgres://u:p@localhost/shop\n', {}],
  [
    'odd characters as %XX',
    'DATABASE_URL=postgresql://us%40er:p%2F@[::1]:5439/sh%20op\n',
    { host: '::1', port: 5439, user: 'us@er', database: 'sh op' },
  ],
  ['no password', 'DATABASE_URL=postgres://u@localhost/shop\n', { hasPassword: false }],
  ['no database', 'DATABASE_URL=postgres://u:p@localhost/\n', { database: undefined }],
  [
    'what a URL of a config may not say',
    'DATABASE_URL=postgres://u:p@localhost/shop?sslmode=verify-full&sslrootcert=ca.pem&search_path=app&binary_parameters=yes\n',
    { searchPath: 'app', spelled: { mode: 'verify-full', ca: 'ca.pem' } },
  ],
  [
    'an sslmode that is no promise',
    'DATABASE_URL=postgres://u:p@localhost/shop?sslmode=prefer\n',
    { spelled: {} },
  ],
  [
    'a socket',
    'DATABASE_URL=postgres://u:p@/shop?socket=/var/run/postgresql\n',
    { unusable: 'The URL in DATABASE_URL names no host.' },
  ],
  [
    'a socket beside a host',
    'DATABASE_URL=postgres://u:p@localhost/shop?host=/tmp\n',
    { unusable: 'The URL in DATABASE_URL names a socket, which dbmate in its container does not reach.' },
  ],
  [
    'a percent sign that begins no escape',
    'DATABASE_URL=postgres://u%:p@localhost/shop\n',
    { user: 'u%', unusable: 'The URL in DATABASE_URL has a "%" that begins no escape.' },
  ],
])('reads a DATABASE_URL with %s', (_, text, more) => {
  expect(readIn(text)).toMatchObject({ url: { ...shop, ...more }, notes: [] })
})

it('says that a URL of another database is not used', () => {
  expect(readIn('DATABASE_URL=mysql://u:p@localhost/shop\n')).toMatchObject({
    notes: ['DATABASE_URL is no URL of a Postgres: it is not used'],
  })
})
