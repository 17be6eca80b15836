import { type Case, contentsOf, told, undisturbed, versionsOf } from './case.ts'
import { databasesOf, type LedgerRow } from './look.ts'
import { type Expected, isBetween } from './model.ts'
import { doneIn, finishedOf } from './said.ts'
import type { Site } from './site.ts'
import { insist, insistSame } from './violation.ts'

const changeOf = (before: readonly string[] = [], after: readonly string[] = []): string[] =>
  [
    ...after.filter((version) => !before.includes(version)),
    ...before.filter((version) => !after.includes(version)),
  ].sort()

/** Versions that it said it applied or rolled back, and those that came or went. */
const judgeChanges = (one: Case, kind: 'apply-migration' | 'rollback-migration'): void => {
  const { operation, said, before, after } = one
  const done = doneIn(said, kind)
  const finished = finishedOf(said)?.databases
  const [was, is] = [versionsOf(before, operation), versionsOf(after, operation)]
  for (const database of databasesOf(operation.stage)) {
    const changed = changeOf(was[database], is[database])
    const steps = (done[database] ?? []).sort()
    if (said.exit === null)
      insist(
        steps.every((version) => changed.includes(version)),
        () => `${database}: it said ${steps}, and changed is ${changed}; ${told(one)}`,
      )
    else {
      insistSame(`${database}: steps done, ${told(one)}`, steps, changed)
      const summary = finished?.find(({ database: name }) => name === database)?.changed ?? []
      insistSame(`${database}: changed in run.finished, ${told(one)}`, [...summary].sort(), changed)
    }
  }
}

const lastOf = (rows: readonly LedgerRow[], version: string): LedgerRow | undefined =>
  rows.findLast((row) => row.version === version && row.outcome !== 'accepted')

/** A row for every file, and none that is still open after a run that ended well. */
const judgeLedger = (one: Case, direction: 'up' | 'down'): void => {
  const { operation, said, before, after } = one
  const [was, is] = [versionsOf(before, operation), versionsOf(after, operation)]
  for (const [database, content] of contentsOf(after, operation)) {
    if (!content) continue
    const open = content.ledger.filter(({ outcome }) => outcome === 'running')
    if (said.exit === 0) insistSame(`open rows of ${database}: ${told(one)}`, open, [])
    if (said.exit !== 0 && !undisturbed(one)) continue
    for (const version of changeOf(was[database], is[database]))
      insistSame(`the ledger of ${version} in ${database}: ${told(one)}`, lastOf(content.ledger, version), {
        version,
        direction,
        outcome: 'done',
      })
  }
}

/** Files and the table of versions agree, whatever struck. */
const judgeTables = (one: Case): void => {
  for (const [database, content] of contentsOf(one.after, one.operation)) {
    if (!content) continue
    const files = one.site.files[database.replace(/_(qual|prod)$/, '') as keyof Site['files']]
    const of = (kind: boolean): string[] =>
      files
        .filter((file) => (file.kind === 'index') === kind && content.versions.includes(file.version))
        .map(({ version }) => version)
    insistSame(`tables of ${database}: ${told(one)}`, content.tables, of(false))
    const built = content.indexes.filter((version) => content.versions.includes(version))
    insistSame(`indexes of ${database}: ${told(one)}`, built, of(true))
    if (one.said.exit === 0) insistSame(`indexes of ${database}: ${told(one)}`, content.indexes, of(true))
  }
}

/** Versions, tables, ledger and what was said of them. */
export const judgeMigrations = (one: Case, expected: Expected): void => {
  const { operation, said, before, after } = one
  const direction = operation.op === 'rollback' ? 'down' : 'up'
  judgeChanges(one, direction === 'up' ? 'apply-migration' : 'rollback-migration')
  judgeTables(one)
  judgeLedger(one, direction)
  const [was, is] = [versionsOf(before, operation), versionsOf(after, operation)]
  if (undisturbed(one) || said.exit === 2) insistSame(`exit: ${told(one)}`, said.exit, expected.exit)
  for (const database of databasesOf(operation.stage)) {
    const right = expected.versions[database] ?? []
    const found = is[database] ?? []
    if (undisturbed(one) || said.exit === 0) insistSame(`${database}: ${told(one)}`, found, right)
    insist(isBetween(found, was[database] ?? [], right), () => `${database} has ${found}: ${told(one)}`)
  }
}
