import { barredFromTransaction } from '../../barred.ts'
import { isOneTransaction, isOwnTransaction } from '../../one-transaction.ts'
import { inSections, type Rule } from '../../rule.ts'

export const notInTransaction: Rule = {
  id: 'not-in-transaction',
  level: 'error',
  why: 'dbmate runs a section in a transaction, and Postgres refuses this statement in one (25001): the file can never apply.',
  fix: 'Put it alone in a file whose marker line is "-- migrate:up transaction:false", without a space after the colon.',
  bad: `-- migrate:up
CREATE INDEX CONCURRENTLY slots_start_idx ON slots (starts_at); -- ✗

-- migrate:down
DROP INDEX slots_start_idx;
`,
  good: `-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY slots_start_idx ON slots (starts_at);

-- migrate:down
DROP INDEX slots_start_idx;
`,
  find: inSections((section) => {
    if (!isOneTransaction(section)) return []
    const { name, statements } = section
    const remedy = isOwnTransaction(section)
      ? 'BEGIN and COMMIT around it have to go'
      : `the ${name} marker needs transaction:false`
    return statements.flatMap((statement, index) => {
      const barred = barredFromTransaction(statement, statements.slice(0, index))
      const message = `${barred} cannot run in a transaction: ${remedy}`
      return barred ? [{ line: statement.line, column: statement.column, message }] : []
    })
  }),
}
