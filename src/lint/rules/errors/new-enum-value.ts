import { findNodes, qualify, stringsOf } from '../../ast.ts'
import { isCreated } from '../../created.ts'
import type { Statement } from '../../parse.ts'
import { bodyOf, type Found, type LintedFile, type Rule } from '../../rule.ts'

const uses = (statement: Statement, value: string): boolean =>
  findNodes('A_Const', statement.node).some(({ sval }) => sval?.sval === value)

const findUses = (file: LintedFile): Found[] =>
  file.up.flatMap((statement, index) => {
    const { typeName, newVal, oldVal } = bodyOf(statement, 'AlterEnumStmt') ?? {}
    const type = qualify(stringsOf(typeName))
    // A value of a type that the same transaction made may be used at once.
    if (newVal === undefined || oldVal !== undefined || isCreated({ file, index }, type, 'type')) return []
    const message = `${type}: '${newVal}' cannot be used in the transaction that added it`
    return file.up
      .slice(index + 1)
      .filter((later) => uses(later, newVal))
      .map(({ line, column }) => ({ line, column, message }))
  })

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
  find: (file) => (file.migration.transaction ? findUses(file) : []),
}
