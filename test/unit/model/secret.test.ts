import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/model/secret.ts'

const value = 'p@ss:w/rd #1'

describe('a secret', () => {
  const secret = new Secret(value)

  it.each<[string, () => string]>([
    ['toString', () => secret.toString()],
    ['String()', () => String(secret)],
    ['a template', () => `${secret}`],
    ['concatenation', () => `a${''}`.concat(secret as unknown as string)],
    ['JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['util.inspect', () => inspect({ secret }, { depth: null, showHidden: true })],
    ['an error message', () => new Error(`no: ${secret}`).message],
    ['a spread', () => JSON.stringify({ ...secret })],
    ['its keys', () => JSON.stringify(Object.getOwnPropertyNames(secret))],
  ])('does not show in %s', (_, show) => {
    expect(show()).not.toContain('p@ss')
  })

  it('says what it is wherever it strays', () => {
    expect(`${secret} ${JSON.stringify(secret)} ${inspect(secret)}`).toBe(
      '[redacted] "[redacted]" [redacted]',
    )
  })

  it('gives its value to whoever asks by name', () => {
    expect(secret.reveal()).toBe(value)
  })
})

describe('foreign text', () => {
  it.each([
    {
      title: 'raw',
      secret: value,
      text: `url ${value}@host, ${value}`,
      clean: 'url [redacted]@host, [redacted]',
    },
    {
      title: 'percent-encoded',
      secret: value,
      text: 'postgres://u:p%40ss%3Aw%2Frd%20%231@h',
      clean: 'postgres://u:[redacted]@h',
    },
    { title: 'in its NFKC form', secret: 'ﬁﬂ①', text: 'password "fifl1"', clean: 'password "[redacted]"' },
    { title: 'encoded in its NFKC form', secret: 'ﬁ ①', text: 'u:fi%201@h', clean: 'u:[redacted]@h' },
    { title: 'with characters of a pattern', secret: 'a.$&*(', text: 'a.$&*( abc', clean: '[redacted] abc' },
    { title: 'empty, which is in every text', secret: '', text: 'nothing', clean: 'nothing' },
  ])('is freed of a secret: $title', ({ secret, text, clean }) => {
    expect(new Secret(secret).redact(text)).toBe(clean)
  })
})

describe('foreign text, when the password is a word', () => {
  it.each([
    {
      secret: 'postgres',
      text: 'password=postgres user=postgres host=po-dev-postgres-1',
      clean: 'password=[redacted] user=postgres host=po-dev-postgres-1',
    },
    {
      secret: 'postgres',
      text: 'postgres://postgres:postgres@postgres:5432/postgres',
      clean: 'postgres://postgres:[redacted]@postgres:5432/postgres',
    },
    {
      secret: 'hold',
      text: "ALTER ROLE hold PASSWORD 'hold'",
      clean: "ALTER ROLE hold PASSWORD '[redacted]'",
    },
    {
      secret: 'hold',
      text: "alter role a with encrypted password E'hold'",
      clean: "alter role a with encrypted password E'[redacted]'",
    },
    {
      secret: 'app',
      text: '{"password": "app", "name": "app"}',
      clean: '{"password": "[redacted]", "name": "app"}',
    },
    {
      secret: 'app',
      text: 'POSTGRES_PASSWORD=app\nPGPASSWORD: app',
      clean: 'POSTGRES_PASSWORD=[redacted]\nPGPASSWORD: [redacted]',
    },
    {
      secret: 'secret1',
      text: 'create user app identified by secret1',
      clean: 'create user app identified by [redacted]',
    },
    { secret: 'app', text: '*:*:*:*:app', clean: '*:*:*:*:[redacted]' },
  ])('loses $secret where a password can stand: $text', ({ secret, text, clean }) => {
    expect(new Secret(secret).redact(text)).toBe(clean)
  })

  it.each([
    { secret: 'postgres', text: 'docker exec po-dev-postgres-1 psql -U postgres' },
    { secret: 'postgres', text: 'password authentication failed for user "postgres"' },
    { secret: 'hold', text: 'cannot drop threshold because other objects depend on it' },
    { secret: 'app', text: 'relation "app.mapping" does not exist, see /srv/app/00001_app.sql' },
    { secret: 'app', text: 'password=apple //app:apple@app' },
    { secret: 'admin', text: 'a session of admin, with the password of another: admin' },
  ])('keeps names and prose: $text', ({ secret, text }) => {
    expect(new Secret(secret).redact(text)).toBe(text)
  })

  it.each(['correcthorsebattery', 'a8f3k2j9x1', 'Tr0ub4dor', 'pass word', 'pässword', 'aBcDeF'])(
    'loses %j anywhere: it is no short word',
    (secret) => {
      expect(new Secret(secret).redact(`DETAIL: x${secret}y`)).toBe('DETAIL: x[redacted]y')
    },
  )
})
