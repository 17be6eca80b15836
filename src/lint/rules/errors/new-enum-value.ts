import { qualify, stringsOf } from '../../ast.ts'
import { type At, baseTypeAt, isOfThisFile } from '../../known.ts'
import { type Literal, readLiterals } from '../../literals/read-literals.ts'
import { upIsOneTransaction } from '../../one-transaction.ts'
import { bodyOf, type Found, type LintedFile, type Rule } from '../../rule.ts'

type Added = { type: string; value: string; index: number }

/** A value of a type that the same transaction made may be used at once. */
const addedValues = (file: LintedFile): Added[] =>
  file.up.flatMap((statement, index) => {
    const { typeName, newVal: value, oldVal } = bodyOf(statement, 'AlterEnumStmt') ?? {}
    const type = qualify(stringsOf(typeName))
    if (value === undefined || oldVal !== undefined || isOfThisFile({ file, index }, type, 'type')) return []
    return [{ type, value, index }]
  })

const element = /"((?:[^"\\]|\\.)*)"|([^\s{},"][^{},"]*)/g
const escaped = /\\(.)/g

/** The elements of `{a,"b c",{d}}`, whatever its dimensions. */
const elementsOf = (text: string): string[] =>
  [...text.matchAll(element)].map(
    ([, quoted, bare = '']) => quoted?.replaceAll(escaped, '$1') ?? bare.trimEnd(),
  )

const isUsed = ({ type, value }: Added, { text, wanted }: Literal, at: At): boolean => {
  const inArray = text.includes('{') && elementsOf(text).includes(value)
  if (wanted === 'unknown') return text === value || inArray
  return wanted
    .map((found) => baseTypeAt(at, found))
    .some(({ name, array }) => name === type && (array ? inArray : text === value))
}

const findUses = (file: LintedFile): Found[] => {
  const all = addedValues(file)
  const types = new Set(all.map(({ type }) => type))
  return file.up.flatMap((statement, index) => {
    const added = all.filter((each) => each.index < index && statement.text.includes(each.value))
    const literals = added.length > 0 ? readLiterals(statement, { file, index }, types) : []
    return added
      .filter((each) => literals.some((literal) => isUsed(each, literal, { file, index })))
      .map(({ type, value }) => {
        const { line, column } = statement
        return {
          line,
          column,
          message: `${type}: '${value}' cannot be used in the transaction that added it`,
        }
      })
  })
}

export const newEnumValue: Rule = {
  id: 'using-new-enum-value',
  level: 'error',
  why: 'Postgres refuses a value that ALTER TYPE … ADD VALUE added in the same transaction ("unsafe use of new value"): the file fails wherever it runs. A literal counts as the type that it is cast to, or that stands beside it; where nothing says which that is, it may be this one.',
  fix: 'ADD VALUE in one file, use it in the next. A type that the same file creates is not meant.',
  bad: `-- migrate:up
ALTER TYPE slot_state ADD VALUE 'held';
UPDATE slots SET state = 'held' WHERE hold_expires_at IS NOT NULL; -- ✗
ALTER TABLE slots ADD COLUMN past slot_state[] DEFAULT '{held}'; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
ALTER TYPE slot_state ADD VALUE IF NOT EXISTS 'held';
COMMENT ON TYPE slot_state IS 'held: nobody else may book it';

-- migrate:down
`,
  find: (file) => (upIsOneTransaction(file) ? findUses(file) : []),
}
