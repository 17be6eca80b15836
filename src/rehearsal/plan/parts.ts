import { databaseOf } from '../../model/outcome.ts'
import type { Step } from '../../model/step.ts'
import type { ManagedDatabase, Migration, Rehearsing } from '../../model/types.ts'

export type Skipped = { managed: ManagedDatabase; migration: Migration; reason: string }

/** What is rehearsed in one database, and what is not. */
export type Part<S extends Step> = {
  managed: ManagedDatabase
  steps: readonly S[]
  skipped: readonly Skipped[]
}

const rehearsed = new Set(['create-database', 'apply-migration'])

const reasonOf = ({ file, needsData = '' }: Migration, own: Migration): string => {
  const why = `needs the data${needsData && `: ${needsData}`}`
  return file === own.file ? why : `follows ${file}, which ${why}`
}

/** What tells databases of a fleet apart, by their names on the server. */
export type Fingerprints = ReadonlyMap<string, string>

/** Of databases of a fleet that are alike and get the same files, the first: a thousand copies would tell nothing more. */
const representatives = <S extends Step>(groups: Iterable<S[]>, fingerprints: Fingerprints): S[][] => {
  const seen = new Set<string>()
  return [...groups].filter(([first, ...others]) => {
    const fleet = first?.managed?.member?.fleet
    if (fleet === undefined) return true
    const files = [first, ...others].map((step) => step?.migration?.file ?? step?.kind)
    const work = [fleet, fingerprints.get(databaseOf(first as S) ?? ''), ...files].join('\n')
    return !seen.has(work) && seen.add(work)
  })
}

/** On copies of schemas, a file that needs the data is left out with all that follow it in its database. */
export const partsOf = <S extends Step>(
  steps: readonly S[],
  rehearse: Exclude<Rehearsing, 'off'>,
  fingerprints: Fingerprints = new Map(),
): Part<S>[] => {
  const own = steps.filter(({ kind, managed }) => managed && rehearsed.has(kind))
  return representatives(Map.groupBy(own, databaseOf).values(), fingerprints).flatMap((all): Part<S>[] => {
    const managed = all[0]?.managed
    if (!managed) return []
    const from =
      rehearse === 'data' ? -1 : all.findIndex(({ migration }) => migration?.needsData !== undefined)
    const first = all[from]?.migration
    if (!first) return [{ managed, steps: all, skipped: [] }]
    const skipped = all
      .slice(from)
      .flatMap(({ migration }) =>
        migration ? { managed, migration, reason: reasonOf(first, migration) } : [],
      )
    return [{ managed, steps: all.slice(0, from), skipped }]
  })
}
