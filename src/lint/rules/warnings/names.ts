import type { Node } from 'libpg-query'
import { findNodes, qualify, stringsOf } from '../../ast.ts'
import { isCreated } from '../../created.ts'
import type { Found, LintedFile, Rule } from '../../rule.ts'

type Added = { type: string; value: string; index: number }

const addedValues = (file: LintedFile): Added[] =>
  file.up.flatMap(({ node }, index) => {
    if (!('AlterEnumStmt' in node) || node.AlterEnumStmt.oldVal) return []
    const type = qualify(stringsOf(node.AlterEnumStmt.typeName))
    const value = node.AlterEnumStmt.newVal
    return value && !isCreated({ file, index }, type, 'type') ? [{ type, value, index }] : []
  })

const findNewValues = (file: LintedFile): Found[] => {
  const all = addedValues(file)
  return file.up.flatMap(({ node, line, column }, index) => {
    const added = all.filter((each) => each.index < index)
    const used = added.length > 0 ? findNodes('A_Const', node).map(({ sval }) => sval?.sval) : []
    return added
      .filter(({ value }) => used.includes(value))
      .map(({ type, value }) => {
        const message = `${type}: '${value}' cannot be used in the transaction that added it.`
        return { line, column, message }
      })
  })
}

const newEnumValue: Rule = {
  id: 'using-new-enum-value',
  level: 'warning',
  why: 'Postgres refuses a value that ALTER TYPE … ADD VALUE added in the same transaction ("unsafe use of new value"): the file fails wherever it runs.',
  fix: 'ADD VALUE in one file, use it in the next. A type that the same file creates is not meant.',
  bad: `-- migrate:up
ALTER TYPE mood ADD VALUE 'curious';
UPDATE people SET mood = 'curious' WHERE mood = 'bored'; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
ALTER TYPE mood ADD VALUE 'curious';

-- migrate:down
`,
  find: (file) => (file.migration.transaction ? findNewValues(file) : []),
}

/** Postgres' NAMEDATALEN - 1. */
const nameBytes = 63
const word = /"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*/gu
const capitals = /[A-Z]+/g
const encoder = new TextEncoder()

const bytesOf = (text: string): number => encoder.encode(text).length

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
const isNamed = (node: Node, name: string): boolean =>
  JSON.stringify(node).includes(JSON.stringify(cut(name)))

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
      const names = new Set((text.match(word) ?? []).map(asName).filter((name) => bytesOf(name) > nameBytes))
      return [...names]
        .filter((name) => isNamed(node, name))
        .map((name) => ({ line, column, message: `${name}: Postgres cuts this name to ${cut(name)}.` }))
    }),
}

export const nameRules: readonly Rule[] = [newEnumValue, longName]
