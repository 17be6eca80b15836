import { AppError, exitCodes } from '../errors.ts'
import { readLedger } from '../io/postgres/ledger.ts'
import { endAttempt, removeAttempts } from '../io/postgres/ledger-attempts.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { quoteVersions } from '../io/postgres/read-database.ts'
import { readIndexes } from '../io/postgres/read-indexes.ts'
import { concurrentIndexOf, examine, type Finding } from '../model/forensics.ts'
import { unappliedFiles } from '../model/history.ts'
import { isAttempt, type LedgerEntry } from '../model/ledger.ts'
import { type PasteTarget, pasteSql } from '../model/paste.ts'
import type { DatabaseState } from '../model/types.ts'

/** What dead runs left in a database. Called under its lock, so that whatever says `running` is dead. */
export const readFindings = async (server: Server, state: DatabaseState): Promise<Finding[]> => {
  const { managed, applied, exists, obstacle } = state
  if (!exists || obstacle || !managed.versions) return []
  const files = state.files.flatMap(({ migration }) => migration ?? [])
  const unapplied = unappliedFiles(state).flatMap(({ migration }) => migration ?? [])
  const indexes = unapplied.flatMap((migration) => concurrentIndexOf(migration) ?? [])
  const [ledger, found] = await Promise.all([
    readLedger(server, managed.database),
    readIndexes(server, managed, indexes),
  ])
  const attempts = ledger.filter(isAttempt)
  const abandoned = attempts.filter(({ outcome }) => outcome === 'running')
  return examine({
    files,
    unapplied,
    recorded: new Set(applied),
    abandoned,
    last: new Map(attempts.map((entry) => [entry.version, entry])),
    indexes: found,
    versionsTable: quoteVersions(managed.versions),
  })
}

/** What is to be said of a finding; `when` tells commands apart of which only one fits. */
export type Repair = { what: string; commands: readonly { when?: string; command: string }[] }

/** What a person has to do about a finding; nothing where the next run settles it. */
export const repairOf = (server: PasteTarget, database: string, finding: Finding): Repair | undefined => {
  const paste = (sql: readonly string[]): string => pasteSql(server, database, sql)
  if (finding.kind === 'unrecorded') {
    const { file, why, sql } = finding
    return { what: `${database}: ${file} was not recorded, but ${why}.`, commands: [{ command: paste(sql) }] }
  }
  if (finding.kind === 'unclear') {
    const { file, sql } = finding
    return {
      what: `${database}: a run died while ${file} ran outside a transaction. Look at what it did:`,
      commands: [
        { when: 'done', command: paste(sql.done) },
        { when: 'not done, or undone by hand', command: paste(sql.undone) },
      ],
    }
  }
  return undefined
}

const renderRepair = ({ what, commands }: Repair): string[] => [
  what,
  ...commands.map(({ when, command }) => `  ${when ? `${when}: ` : ''}→ ${command}`),
]

const outcomeOf = {
  done: {
    outcome: 'done',
    says: ({ direction }: LedgerEntry): string => (direction === 'up' ? 'is applied' : 'is rolled back'),
  },
  undone: {
    outcome: 'failed',
    says: ({ direction }: LedgerEntry): string =>
      direction === 'up' ? 'was not applied: Postgres took it back' : 'stays applied, as it was',
    error: 'the run died; Postgres took back what the file had done',
  },
} as const

type Settled = Extract<Finding, { kind: 'done' | 'undone' }>

const isSettled = (finding: Finding): finding is Settled =>
  finding.kind === 'done' || finding.kind === 'undone'

/** Rows of files that shared a call of dbmate, behind the first that is not applied: dbmate stopped there. */
const neverStarted = (findings: readonly Finding[]): ReadonlySet<LedgerEntry> => {
  const undone = findings.flatMap((finding) =>
    finding.kind === 'undone' && finding.entry.direction === 'up' ? finding.entry : [],
  )
  const runs = Map.groupBy(undone, ({ run }) => run)
  return new Set([...runs.values()].flatMap((entries) => entries.slice(1)))
}

/** Answers a line each. */
const settleRows = async (
  server: Server,
  database: string,
  findings: readonly Finding[],
): Promise<string[]> => {
  const unstarted = neverStarted(findings)
  await removeAttempts(
    server,
    database,
    [...unstarted].map(({ id }) => id),
  )
  const lines: string[] = []
  for (const { kind, entry } of findings.filter(isSettled)) {
    const { says, ...end } = outcomeOf[kind]
    if (!unstarted.has(entry)) await endAttempt(server, database, { id: entry.id, ...end })
    const how = unstarted.has(entry) ? 'was never started' : says(entry)
    lines.push(`${database}: settled what a run left open: ${entry.file} ${how}`)
  }
  return lines
}

/**
 * Settles the ledger rows of dead runs, and stops where only a person can tell how far a file got. Answers what was settled,
 * a line each.
 * @throws AppError (exit 4) with the commands to paste.
 */
export const settleFindings = async (
  server: Server,
  databases: readonly DatabaseState[],
): Promise<string[]> => {
  const details: string[] = []
  const settled: string[] = []
  for (const state of databases) {
    const { database } = state.managed
    const findings = await readFindings(server, state)
    const repairs = findings.flatMap((finding) => repairOf(server, database, finding) ?? [])
    details.push(...repairs.flatMap(renderRepair))
    settled.push(...(await settleRows(server, database, findings)))
  }
  if (details.length === 0) return settled
  throw new AppError('A file that ran outside a transaction did not end as it should.', {
    exitCode: exitCodes.refused,
    details,
    hint: 'paste the command that fits, then run it again',
  })
}
