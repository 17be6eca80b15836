import type { Node } from 'libpg-query'
import { walk } from '../../ast.ts'
import type { Rule } from '../../rule.ts'

/** Postgres' NAMEDATALEN - 1. */
const nameBytes = 63
const word = /"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*/gu
const capitals = /[A-Z]+/g
const encoder = new TextEncoder()

const bytesOf = (text: string): number => encoder.encode(text).length

/** A unit of a JavaScript string has three bytes at most, so most names need no closer look. */
const mayBeLong = (name: string): boolean => name.length * 3 > nameBytes

/** Unquoted names are folded, in ASCII only. */
const asName = (text: string): string =>
  text.startsWith('"')
    ? text.slice(1, -1).replaceAll('""', '"')
    : text.replaceAll(capitals, (letters) => letters.toLowerCase())

const cut = (name: string): string => {
  let kept = ''
  for (const character of name) {
    if (bytesOf(kept) + bytesOf(character) > nameBytes) break
    kept += character
  }
  return kept
}

/** The parser cuts names itself, so what stands cut in the tree was a name, not a text or a comment. */
const stringsUpTo = (bytes: number, node: Node): Set<string> => {
  const found = new Set<string>()
  for (const inner of walk(node))
    for (const value of Object.values(inner))
      if (typeof value === 'string' && value.length <= bytes && mayBeLong(value)) found.add(value)
  return found
}

const longName: Rule = {
  id: 'identifier-too-long',
  level: 'warning',
  why: 'Postgres cuts a name after 63 bytes with a mere notice: the object gets another name than the one that was written, and two long names that begin alike collide.',
  fix: 'A name of at most 63 bytes.',
  bad: `-- migrate:up
CREATE TABLE customer_communication_preferences_by_channel_and_purpose_history (id bigint PRIMARY KEY); -- ✗

-- migrate:down
DROP TABLE customer_communication_preferences_by_channel_and_purpose_history;
`,
  good: `-- migrate:up
CREATE TABLE communication_preference_history (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE communication_preference_history;
`,
  find: (file) =>
    file.up.flatMap(({ node, text, line, column }) => {
      const names = new Set(
        (text.match(word) ?? [])
          .filter(mayBeLong)
          .map(asName)
          .filter((name) => bytesOf(name) > nameBytes),
      )
      const kept = names.size > 0 ? stringsUpTo(nameBytes, node) : new Set()
      return [...names]
        .filter((name) => kept.has(cut(name)))
        .map((name) => ({ line, column, message: `${name}: Postgres cuts this name to ${cut(name)}` }))
    }),
}

export const nameRules: readonly Rule[] = [longName]
