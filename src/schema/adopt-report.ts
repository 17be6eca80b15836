import { fewNames } from '../fleet/tell.ts'
import type { Migration } from '../model/types.ts'
import type { Paint } from '../report/paint.ts'
import { plural, renderTable, wrapWords } from '../report/render.ts'
import { groupProofs } from './plan/group-proofs.ts'
import type { PrefixProof } from './prove-prefix.ts'

const rows = (proof: PrefixProof, { symbols, green, yellow, red, dim }: Paint): string[][] => {
  const { proven, pending, unseen, conflict } = proof
  const hidden = new Set<Migration>(unseen)
  const nearest = new Set<Migration>(conflict?.nearest)
  return [
    ...proven.map(({ file }) => [green(symbols.done), file, 'proven']),
    ...pending.map((migration) => {
      const { file } = migration
      if (nearest.has(migration)) return [red(symbols.failed), file, 'CONFLICT']
      return hidden.has(migration)
        ? [yellow('?'), file, 'pending: it changes no schema, so whether it ran is not to be seen']
        : [dim(symbols.skipped), file, 'pending']
    }),
  ]
}

const keyOf = ({ state: { managed } }: PrefixProof): string => managed.member?.key ?? managed.database

const shown = 20

/** `tenants: 28 databases (a, b …)`, or a database by itself. */
const headOf = (group: readonly PrefixProof[], paint: Paint): string => {
  const [
    {
      state: { managed },
      proven,
    } = { state: { managed: undefined }, proven: [] },
  ] = group
  const { member, database } = managed ?? {}
  const who = member
    ? `${member.fleet}: ${plural(group.length, 'database')} (${fewNames(group.map(keyOf), shown)})`
    : `${database}`
  const builds = group.reduce((sum, one) => sum + one.builds, 0)
  const [first = '', ...more] = wrapWords(who, paint.columns)
  const name = [first, ...more].map((line) => paint.bold(line)).join('\n')
  return `${name}  ${plural(proven.length, 'migration')} proven, by ${plural(builds, 'scratch build')}`
}

/** File by file what is proven and what is not, a block a database, or for those of a fleet of which the same is proven. */
export const renderProofs = (proofs: readonly PrefixProof[], paint: Paint): string =>
  groupProofs(proofs.map((proof) => ({ ...proof, managed: proof.state.managed })))
    .flatMap((group) => {
      const [first] = group
      return first ? `${headOf(group, paint)}\n${renderTable(rows(first, paint), '  ')}` : []
    })
    .join('\n')

/** Each database by itself, and of a fleet how many. */
const countEach = (proofs: readonly PrefixProof[]): string[] =>
  [...Map.groupBy(proofs, ({ state: { managed } }) => managed.member?.fleet ?? '')].flatMap(
    ([fleet, group]) =>
      fleet === ''
        ? group.map(({ state, proven }) => `${state.managed.database} ${proven.length}`)
        : `${fleet} ${group.reduce((sum, { proven }) => sum + proven.length, 0)} in ${plural(group.length, 'database')}`,
  )

export const renderAdopted = (environment: string, proofs: readonly PrefixProof[]): string => {
  const adopted = proofs.filter(({ proven }) => proven.length > 0)
  const count = adopted.reduce((sum, { proven }) => sum + proven.length, 0)
  return `${environment}: ${plural(count, 'migration')} recorded as applied (${countEach(adopted).join(', ')}).\n`
}
