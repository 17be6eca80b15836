import { findNodes, qualify, stringsOf } from '../../ast.ts'
import { isOfThisFile } from '../../known.ts'
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

const findUses = (file: LintedFile): Found[] => {
  const all = addedValues(file)
  return file.up.flatMap(({ node, line, column }, index) => {
    const added = all.filter((each) => each.index < index)
    const used = added.length > 0 ? findNodes('A_Const', node).map(({ sval }) => sval?.sval) : []
    return added
      .filter(({ value }) => used.includes(value))
      .map(({ type, value }) => {
        const message = `${type}: '${value}' cannot be used in the transaction that added it`
        return { line, column, message }
      })
  })
}

export const newEnumValue: Rule = {
  id: 'using-new-enum-value',
  level: 'error',
  why: 'Postgres refuses a value that ALTER TYPE … ADD VALUE added in the same transaction ("unsafe use of new value"): the file fails wherever it runs.',
  fix: 'ADD VALUE in one file, use it in the next. A type that the same file creates is not meant.',
  bad: `-- migrate:up
ALTER TYPE slot_state ADD VALUE 'held';
UPDATE slots SET state = 'held' WHERE hold_expires_at IS NOT NULL; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
ALTER TYPE slot_state ADD VALUE IF NOT EXISTS 'held';

-- migrate:down
`,
  find: (file) => (upIsOneTransaction(file) ? findUses(file) : []),
}
