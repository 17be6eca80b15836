import { AppError, exitCodes } from '../errors.ts'
import { endAttempt, readLedger } from '../io/ledger.ts'
import type { Server } from '../io/postgres.ts'
import { versionsTable } from '../io/read-database.ts'
import { readIndexStates } from '../io/read-indexes.ts'
import { concurrentIndexOf, examine, type Finding } from '../model/forensics.ts'
import { history, isUnapplied } from '../model/history.ts'
import { pasteSql } from '../model/paste.ts'
import type { DatabaseState } from '../model/types.ts'

/** What dead runs left in a database. Called under its lock, so that whatever says `running` is dead. */
export const readFindings = async (server: Server, state: DatabaseState): Promise<Finding[]> => {
  const { managed, files, applied, exists } = state
  if (!exists) return []
  const pending = new Set(
    history(files, applied)
      .filter(isUnapplied)
      .map(({ version }) => version),
  )
  const unapplied = files.flatMap(({ version, migration }) =>
    pending.has(version) && migration ? migration : [],
  )
  const indexes = unapplied.flatMap((migration) => concurrentIndexOf(migration) ?? [])
  const [ledger, states] = await Promise.all([
    readLedger(server, managed.database),
    readIndexStates(server, managed.database, indexes),
  ])
  const abandoned = ledger.filter(({ outcome }) => outcome === 'running')
  const table = await versionsTable(server, managed)
  return examine({ unapplied, recorded: new Set(applied), abandoned, indexes: states, versionsTable: table })
}

const repair = (label: string, database: string, finding: Finding): string[] => {
  if (finding.kind === 'unrecorded') {
    const { file, why, sql } = finding
    return [`${database}: ${file} was not recorded, but ${why}.`, `  → ${pasteSql(label, database, sql)}`]
  }
  if (finding.kind === 'unclear')
    return [
      `${database}: a run died while ${finding.file} ran outside a transaction. Look at what it did:`,
      `  done: → ${pasteSql(label, database, finding.sql.done)}`,
      `  not done, or undone by hand: → ${pasteSql(label, database, finding.sql.undone)}`,
    ]
  return []
}

/**
 * Settles the ledger rows of dead runs, and stops where only a person can tell how far a file got.
 * @throws AppError (exit 4) with the commands to paste.
 */
export const settleFindings = async (server: Server, databases: readonly DatabaseState[]): Promise<void> => {
  const details: string[] = []
  for (const state of databases) {
    const { database } = state.managed
    for (const finding of await readFindings(server, state)) {
      details.push(...repair(server.label, database, finding))
      if (finding.kind === 'done')
        await endAttempt(server, database, { id: finding.entry.id, outcome: 'done' })
      if (finding.kind === 'undone') {
        const error = 'the run died; Postgres took back what the file had done'
        await endAttempt(server, database, { id: finding.entry.id, outcome: 'failed', error })
      }
    }
  }
  if (details.length === 0) return
  throw new AppError(
    'A file that ran outside a transaction did not end as it should. Nothing was touched now.',
    {
      exitCode: exitCodes.refused,
      details,
      hint: 'paste the command that fits, then run it again',
    },
  )
}
