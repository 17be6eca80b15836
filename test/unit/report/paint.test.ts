import { describe, expect, it } from 'vitest'
import { makePaint } from '../../../src/report/paint.ts'
import { sink } from '../support/fixtures.ts'

type Env = Record<string, string>
const isColored = (options: { isTTY?: boolean; noColor?: boolean; env?: Env }): boolean => {
  const { isTTY = false, noColor = false, env = {} } = options
  return makePaint(sink({ isTTY }), { noColor, env }).red('x') !== 'x'
}

describe('colour', () => {
  it.each<[string, Parameters<typeof isColored>[0], boolean]>([
    ['on a terminal', { isTTY: true }, true],
    ['in a pipe', {}, false],
    ["in GitLab's log", { env: { GITLAB_CI: 'true', CI: 'true' } }, true],
    ['in the log of another CI', { env: { CI: 'true' } }, false],
    ['with NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
    ['with NO_COLOR=0, since any value counts', { isTTY: true, env: { NO_COLOR: '0' } }, false],
    ['with an empty NO_COLOR, which does not count', { isTTY: true, env: { NO_COLOR: '' } }, true],
    ["with NO_COLOR in GitLab's log", { env: { GITLAB_CI: 'true', NO_COLOR: '1' } }, false],
    ['with FORCE_COLOR in a pipe', { env: { FORCE_COLOR: '1' } }, true],
    ['with FORCE_COLOR=0 on a terminal', { isTTY: true, env: { FORCE_COLOR: '0' } }, false],
    ['with NO_COLOR and FORCE_COLOR', { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, false],
    ['with --no-color and FORCE_COLOR', { noColor: true, env: { FORCE_COLOR: '1' } }, false],
    ['with --no-color on a terminal', { isTTY: true, noColor: true }, false],
    ['with TERM=dumb', { isTTY: true, env: { TERM: 'dumb' } }, false],
    ['with TERM=dumb and FORCE_COLOR', { env: { TERM: 'dumb', FORCE_COLOR: '1' } }, true],
  ])('%s: %j → %j', (_, options, expected) => {
    expect(isColored(options)).toBe(expected)
  })

  it('wraps every style and ends it', () => {
    const paint = makePaint(sink({ isTTY: true }), { noColor: false, env: {} })
    expect([paint.bold('x'), paint.dim('x'), paint.red('x'), paint.green('x'), paint.yellow('x')]).toEqual([
      '\x1b[1mx\x1b[22m',
      '\x1b[2mx\x1b[22m',
      '\x1b[31mx\x1b[39m',
      '\x1b[32mx\x1b[39m',
      '\x1b[33mx\x1b[39m',
    ])
  })
})

describe('symbols', () => {
  it.each<[Env, string]>([
    [{ LANG: 'C.UTF-8' }, '✔'],
    [{ LANG: 'de_DE.utf8' }, '✔'],
    [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, 'ok'],
    [{ LC_ALL: '', LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }, '✔'],
    [{ LANG: 'C' }, 'ok'],
    [{}, 'ok'],
    [{ CI: 'true' }, '✔'],
    [{ CI: 'true', LANG: 'POSIX' }, 'ok'],
  ])('under %j: done is %s', (env, done) => {
    expect(makePaint(sink(), { noColor: true, env }).symbols.done).toBe(done)
  })

  it('fall back to ASCII throughout', () => {
    const { symbols } = makePaint(sink(), { noColor: true, env: { LANG: 'C' } })
    expect(JSON.stringify(symbols)).toMatch(/^[ -~]*$/)
  })
})
