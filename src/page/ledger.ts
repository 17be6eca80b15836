import type { LedgerLine, PageDatabase } from './document.ts'

/** The attempt that made a migration be applied, as far as the ledger knows; tools beside this one write none. */
export const lastApplied = (database: PageDatabase | undefined, version: string): LedgerLine | undefined => {
  const last = database?.ledger.findLast((line) => line.version === version && line.outcome === 'done')
  return last?.direction === 'up' ? last : undefined
}

/** The newest attempt, where it did not end well. */
export const lastFailed = (database: PageDatabase | undefined, version: string): LedgerLine | undefined => {
  const last = database?.ledger.findLast((line) => line.version === version)
  return last?.outcome === 'failed' ? last : undefined
}

/** What one run did in one database. */
export type LedgerRun = { environment: number; lines: readonly [LedgerLine, ...LedgerLine[]] }

/** Every run in a database of several environments, newest first. */
export const runsOf = (databases: readonly (PageDatabase | undefined)[]): LedgerRun[] =>
  databases
    .flatMap((database, environment) =>
      [...Map.groupBy(database?.ledger ?? [], ({ run }) => run).values()].map((lines) => ({
        environment,
        lines: lines as [LedgerLine, ...LedgerLine[]],
      })),
    )
    .sort((a, b) => (a.lines[0].startedAt < b.lines[0].startedAt ? 1 : -1))
