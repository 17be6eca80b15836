import { isOwnTransaction } from '../../one-transaction.ts'
import { inSections, type Rule } from '../../rule.ts'

export const severalWithoutTransaction: Rule = {
  id: 'several-without-transaction',
  level: 'error',
  ignorable: false,
  why: 'dbmate sends a section as one message, and Postgres makes one transaction of several statements in one message. So transaction:false does nothing here: CREATE INDEX CONCURRENTLY fails, and all of it is rolled back.',
  fix: 'One statement a file under transaction:false; the others go into files of their own. What may be one transaction needs no transaction:false, and an own BEGIN … COMMIT around all of it runs, too.',
  bad: `-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY slots_start_idx ON slots (starts_at);
CREATE INDEX CONCURRENTLY slots_end_idx ON slots (ends_at); -- ✗

-- migrate:down
DROP INDEX slots_start_idx;
DROP INDEX slots_end_idx;
`,
  good: `-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY slots_start_idx ON slots (starts_at);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY slots_start_idx;
`,
  find: inSections((section) => {
    const { name, transaction, statements } = section
    const [, second] = statements
    if (transaction || !second || isOwnTransaction(section)) return []
    const message = `a second statement under transaction:false puts the ${name} section into a transaction after all`
    return [{ line: second.line, column: second.column, message }]
  }),
}
