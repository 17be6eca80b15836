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
