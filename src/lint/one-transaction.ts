import { bodyOf, type LintedFile, type LintedSection } from './rule.ts'

const savepoints = new Set(['TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE', 'TRANS_STMT_ROLLBACK_TO'])

type Run = Pick<LintedSection, 'transaction' | 'statements'>

/**
 * Whether a section is one BEGIN … COMMIT of its own under transaction:false: Postgres runs it as it stands, since dbmate has
 * opened no transaction.
 */
export const isOwnTransaction = ({ transaction, statements }: Run): boolean => {
  const [first, ...rest] = statements.map((statement) => bodyOf(statement, 'TransactionStmt'))
  const last = rest.pop()
  const opens = first?.kind === 'TRANS_STMT_BEGIN' || first?.kind === 'TRANS_STMT_START'
  return (
    !transaction &&
    opens &&
    last?.kind === 'TRANS_STMT_COMMIT' &&
    !last.chain &&
    rest.every((inner) => !inner || savepoints.has(inner.kind ?? ''))
  )
}

/** Whether all of a section stays or none of it, and every lock until its end. */
export const isOneTransaction = (section: Run): boolean => section.transaction || isOwnTransaction(section)

/** The same of the section that the rules judge. */
export const upIsOneTransaction = ({ migration: { transaction }, up: statements }: LintedFile): boolean =>
  isOneTransaction({ transaction, statements })
