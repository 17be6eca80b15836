import type { AlterEnumStmt } from 'libpg-query'
import type { Statement } from '../../parse.ts'
import { bodyOf, inSections, type Rule } from '../../rule.ts'
import { findNodes } from '../../walk.ts'

const nameOf = (parts: AlterEnumStmt['typeName'] = []): string =>
  parts.flatMap((part) => ('String' in part ? [part.String.sval ?? ''] : [])).join('.')

/** A value of a type that the same transaction made may be used at once. */
const makesType = (statement: Statement, type: string): boolean =>
  nameOf(bodyOf(statement, 'CreateEnumStmt')?.typeName) === type

const uses = (statement: Statement, value: string): boolean =>
  findNodes(statement.node, 'A_Const').some(({ sval }) => sval?.sval === value)

export const newEnumValue: Rule = {
  id: 'new-enum-value',
  level: 'error',
  why: 'ALTER TYPE … ADD VALUE may run in a transaction, but the value may not be used before that transaction has committed (55P04): the file can never apply.',
  fix: 'Add the value in one file and use it in the next.',
  bad: `-- migrate:up
ALTER TYPE slot_state ADD VALUE 'held';
UPDATE slots SET state = 'held' WHERE hold_expires_at IS NOT NULL; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
ALTER TYPE slot_state ADD VALUE IF NOT EXISTS 'held';

-- migrate:down
`,
  find: inSections(({ transaction, statements }) => {
    if (!transaction) return []
    return statements.flatMap((statement, index) => {
      const { typeName, newVal, oldVal } = bodyOf(statement, 'AlterEnumStmt') ?? {}
      const type = nameOf(typeName)
      if (newVal === undefined || oldVal !== undefined) return []
      if (statements.slice(0, index).some((earlier) => makesType(earlier, type))) return []
      const message = `'${newVal}' is new in this transaction and cannot be used before it commits`
      return statements
        .slice(index + 1)
        .filter((later) => uses(later, newVal))
        .map(({ line, column }) => ({ line, column, message }))
    })
  }),
}
