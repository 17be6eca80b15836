import { AppError, exitCodes } from '../errors.ts'
import { askAgain } from '../io/postgres/ask-again.ts'
import { describeBlocker } from '../io/postgres/observer.ts'
import { readIndexes } from '../io/postgres/read-indexes.ts'
import { codeFrame } from '../model/code-frame.ts'
import { type DbmateError, parseDbmateError } from '../model/dbmate-error.ts'
import { concurrentIndexOf, dropIndex } from '../model/forensics.ts'
import { sectionOf } from '../model/migration.ts'
import { pasteSql } from '../model/paste.ts'
import { quoteIdentifier } from '../model/sql.ts'
import type { Section } from '../model/types.ts'
import type { AttemptOptions, AttemptResult } from './attempt.ts'

const shortBlock = 12
/** lib/pq's complaint when a file ended dbmate's transaction by itself; it masks the true error. */
const ownTransaction = /unexpected transaction status/

/** A section is one message to Postgres, whose log has all of it as the statement. */
const nowhere = 'Postgres does not say at which line.'

type ShownSql = { text: string; section: Section; line: number | undefined; column: number | undefined }

/** The SQL to show: the lines around Postgres' position, or the whole block when it is short and there is none. */
const showSql = ({ text, section, line, column }: ShownSql): string[] => {
  if (line !== undefined) return codeFrame(text, { line, ...(column !== undefined && { column }) })
  const block = section.sql.trimEnd().split('\n')
  return block.length <= shortBlock ? block.map((sql, index) => `  ${section.line + index} | ${sql}`) : []
}

/** An attempt that ended badly, and when it began. */
export type FailedAttempt = AttemptOptions & AttemptResult & { since: Date }

/** What a failed concurrent build left, and the statement that removes it. */
const leftIndex = async ({
  engine,
  managed,
  migration,
  direction,
}: FailedAttempt): Promise<string | undefined> => {
  const index = direction === 'up' ? concurrentIndexOf(migration) : undefined
  if (index === undefined) return undefined
  // Whatever cannot be had now must not hide what Postgres said.
  const indexes = await askAgain(() => readIndexes(engine.server, managed, [index])).catch(() => undefined)
  const found = indexes?.get(index.name)
  return found && !found.valid ? found.reference : undefined
}

/** Settings that a role, a database or the server may have, by what ends a session or a statement for them. */
const limits: Readonly<Record<string, string>> = {
  '57014': 'statement_timeout',
  '25P03': 'idle_in_transaction_session_timeout',
  '25P04': 'transaction_timeout',
}

type Remedy = { details: string[]; hint: string }

/** A limit that ended a file is no fault of the file; 57014 is also what somebody's pg_cancel_backend leaves. */
const remedyOf = (
  { engine, managed, migration, direction }: FailedAttempt,
  { sqlState = '', message }: DbmateError,
): Remedy => {
  const file = `${managed.member?.fleet ?? managed.name}/${migration.file}`
  const limit = limits[sqlState]
  if (!limit || (limit === 'statement_timeout' && !message.includes('statement timeout')))
    return { details: [], hint: `correct ${file}` }
  const { server } = engine
  const { user } = server
  const why = `The ${limit} of ${quoteIdentifier(user)}, of the database or of the server ended it: the file may be right.`
  if (sectionOf(migration, direction).transaction)
    return { details: [why], hint: `begin ${file} with SET LOCAL ${limit} = 0;` }
  // A second statement in the file would make a transaction of it after all.
  const role = `alter role ${quoteIdentifier(user)} in database ${quoteIdentifier(managed.database)}`
  const paste = (sql: string): string => pasteSql(server, managed.database, [`${role} ${sql}`])
  const lift = paste(`set ${limit} = 0`)
  return {
    details: [
      why,
      'Lift it, and put it back when the file is through:',
      `  → ${lift}`,
      `  → ${paste(`reset ${limit}`)}`,
    ],
    hint: lift,
  }
}

/** What Postgres said, where in the file, what was in the way, and in which state the file is. */
export const explainFailure = async (failed: FailedAttempt): Promise<AppError> => {
  const { engine, managed, migration, direction, result, blockers, tries, interrupted, since } = failed
  const { file, text } = migration
  const section = sectionOf(migration, direction)
  const said = parseDbmateError(result.output)
  const { message, sqlState, line: sectionLine, column } = said
  const remedy = remedyOf(failed, said)
  const line = sectionLine === undefined ? undefined : section.line + sectionLine - 1
  const logged = await engine.logged(section.sql, since).catch(() => [])
  const index = await leftIndex(failed)
  const what = direction === 'up' ? `${file} failed` : `rolling back ${file} failed`
  const place = line === undefined ? '' : ` at line ${line}`
  const whole = section.transaction && !ownTransaction.test(message)
  const unchanged =
    direction === 'up' ? `${file} was rolled back as a whole.` : `${file} stays applied, as it was.`
  const state = whole
    ? unchanged
    : `${file} ran outside dbmate's transaction: what it did before the error may stay done.`
  return new AppError(`${managed.database}: ${what}${place}: ${message}${sqlState ? ` (${sqlState})` : ''}`, {
    exitCode: interrupted ? exitCodes.interrupted : exitCodes.failed,
    details: [
      ...(line === undefined && sqlState ? [nowhere] : []),
      ...showSql({ text, section, line, column }),
      ...logged,
      ...blockers.map((blocker) => `blocked by ${describeBlocker(blocker)}`),
      ...(tries > 1 ? [`${tries} tries`] : []),
      ...remedy.details,
      state,
      ...(index ? [`The index ${index} was left INVALID: it is not used, and slows every write.`] : []),
    ],
    ...(!interrupted && {
      hint: index ? pasteSql(engine.server, managed.database, [dropIndex(index)]) : remedy.hint,
    }),
  })
}
