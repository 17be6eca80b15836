// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose's references, not ours

import { chance, pick, type Random, seededRandom } from '../random.ts'
import type { EnvQuestion } from './compose-env.ts'

/** The variables of the shell in the questions; a dollar sign in a value must not be read again. */
export const hosts: readonly Record<string, string>[] = [
  { HOST: 'host', EMPTY: '', RAW: '$HOST ${A}', B: 'shell b' },
  { HOST: 'p@:/?#%&=+ ü', K1: 'k', _u: '\\n"\'' },
]

const keys = ['A', 'B', 'C', 'K1', '_u', 'a.b', 'C-3', 'D[0]', '9d', 'ÜBER', '中', 'POSTGRES_PASSWORD']
const oddKeys = ['', 'A B', 'A/B', '"A"', 'A$', 'é\u0301', 'K\u00a0L', '1', '-', '.', 'export', 'A+', 'A#']
const names = ['A', 'B', 'C', 'K1', '_u', 'HOST', 'EMPTY', 'RAW', 'NOPE']
const setNames = ['HOST', 'A']
const plain = [
  'abc',
  'x',
  '0',
  'pass',
  'ü',
  '€',
  '😀',
  '@',
  ':',
  '/',
  '?',
  '%',
  '&',
  '=',
  '+',
  '#',
  'a b',
  ' # c',
]
const symbols = [
  '$',
  '$$',
  '$1',
  '$ ',
  '$(id)',
  '$é',
  '!',
  '*',
  '{',
  '}',
  '{}',
  '`',
  '~',
  ';',
  '|',
  '<',
  '-',
  ',',
]
const spaces = [' ', '  ', '\t', '\u00a0', '\u2003', ' #', '#', '\r', '\v']
const backslashes = ['\\', '\\\\', '\\n', '\\t', '\\q', '\\0', '\\$', '\\$$', '\\${A}', '\\x41', '\\ ', '\\e']
const octals = ['\\0101', '\\0044', '\\0377', '\\0400', '\\012', '\\00', '\\07', '\\0175', '\\0134', '\\08']
const decodable = ['\\a', '\\b', '\\f', '\\n', '\\r', '\\t', '\\v', '\\\\', '\\"', "\\'", '\\$HOST', '\\\\$A']
const operators = [':-', '-', ':+', '+', ':-', '-']
const broken = ['{', '{}', '{A', '{A:}', '{1}', '{A:=x}', '{ A}', '{A.b}', '{${A}}', '{A:-${}}', '{A!}'].map(
  (rest) => `$${rest}`,
)

const repeat = (random: Random, most: number, make: () => string): string =>
  Array.from({ length: Math.floor(random() * (most + 1)) }, make).join('')

const reference = (random: Random, depth = 0): string => {
  const name = pick(random, names)
  const form = random()
  if (form < 0.3) return `$${name}`
  if (form < 0.5) return `\${${name}}`
  if (form < 0.55)
    return `\${${pick(random, setNames)}${pick(random, [':?', '?'])}${word(random, depth + 1)}}`
  return `\${${name}${pick(random, operators)}${word(random, depth + 1)}}`
}

/** What follows an operator. */
const word = (random: Random, depth: number): string =>
  repeat(random, 2, () => {
    if (depth < 4 && chance(random, 0.4)) return reference(random, depth)
    return pick(random, chance(random, 0.7) ? plain.slice(0, -1) : symbols)
  })

const piece = (random: Random): string => {
  const kind = random()
  if (kind < 0.004) return pick(random, broken)
  if (kind < 0.3) return reference(random)
  if (kind < 0.65) return pick(random, plain)
  return pick(random, kind < 0.85 ? symbols : spaces)
}

const unquoted = (random: Random): string =>
  repeat(random, 5, () => {
    if (chance(random, 0.15)) return pick(random, backslashes)
    return chance(random, 0.05) ? pick(random, ['"', "'", 'a"b c"', "'x'"]) : piece(random)
  }).replace(/^([\t\v\f\r \u0085\u00a0]*)["']/, '$1x')

const doubleQuoted = (random: Random): string => {
  const text = repeat(random, 6, () => {
    if (chance(random, 0.3))
      return pick(random, chance(random, 0.4) ? octals : [...decodable, ...backslashes])
    return chance(random, 0.1) ? pick(random, ['\n', '\r\n', "'", '\n# x\n', '\nB=2\n']) : piece(random)
  })
  // A backslash at the end would escape the closing quote.
  return `"${chance(random, 0.99) ? text.replace(/\\+$/, '') : text}"`
}

const singleQuoted = (random: Random): string => {
  const text = repeat(random, 6, () => {
    if (chance(random, 0.2)) return pick(random, ["\\'", '\\\\', '\\n', '"', '\n', '\r\n', '${', ...broken])
    return piece(random)
  })
  return `'${chance(random, 0.99) ? text.replace(/\\+$/, '') : text}'`
}

const afterQuote = (random: Random): string => {
  if (chance(random, 0.7)) return ''
  return pick(random, [
    ' ',
    ' # c',
    '#c',
    '\t',
    ' # it\'s "',
    '\r',
    ' C=same line',
    'C=glued',
    '\u2003',
    ' x',
    ';',
  ])
}

const value = (random: Random): string => {
  const kind = random()
  if (kind < 0.45) return unquoted(random)
  return (kind < 0.8 ? doubleQuoted(random) : singleQuoted(random)) + afterQuote(random)
}

const key = (random: Random): string => pick(random, chance(random, 0.02) ? oddKeys : keys)

const statement = (random: Random): string => {
  const kind = random()
  if (kind < 0.06) return pick(random, ['# comment', '  # K="open', '', '   ', '#', '\t', "#A='1"])
  if (kind < 0.12) return pick(random, [...names, 'HOST ', 'export HOST', '\tA', 'HOST\r', 'export'])
  const prefix = chance(random, 0.1)
    ? pick(random, ['export ', ' ', '\t', 'export\t', 'export  ', '\u00a0'])
    : ''
  const separator = chance(random, 0.8)
    ? '='
    : pick(random, [' = ', '= ', ': ', ':', ' =', '=\t', '\t=', '=='])
  return prefix + key(random) + separator + value(random)
}

const envFile = (random: Random): string => {
  const lineEnd = chance(random, 0.1) ? '\r\n' : '\n'
  const statements = Array.from({ length: 1 + Math.floor(random() * 6) }, () => statement(random))
  const bom = chance(random, 0.03) ? '\ufeff' : ''
  return bom + statements.join(lineEnd) + (chance(random, 0.6) ? lineEnd : '')
}

/** Nasty env files, mostly valid; the same seed makes the same ones. Every fifth service has two files. */
export const generateQuestions = (seed: number, count: number): EnvQuestion[] => {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => ({
    files: Array.from({ length: chance(random, 0.2) ? 2 : 1 }, () => envFile(random)),
    hostEnv: pick(random, hosts),
  }))
}
