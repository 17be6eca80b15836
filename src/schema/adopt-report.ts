import type { Migration } from '../model/types.ts'
import type { Paint } from '../report/paint.ts'
import { plural, renderTable } from '../report/render.ts'
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

/** File by file what is proven and what is not, a block a database. */
export const renderProofs = (proofs: readonly PrefixProof[], paint: Paint): string =>
  proofs
    .map((proof) => {
      const { state, proven, builds } = proof
      const head = `${paint.bold(state.managed.database)}  ${plural(proven.length, 'migration')} proven, by ${plural(builds, 'scratch build')}`
      return `${head}\n${renderTable(rows(proof, paint), '  ')}`
    })
    .join('\n')

export const renderAdopted = (environment: string, proofs: readonly PrefixProof[]): string => {
  const adopted = proofs.filter(({ proven }) => proven.length > 0)
  const count = adopted.reduce((sum, { proven }) => sum + proven.length, 0)
  const each = adopted.map(({ state, proven }) => `${state.managed.database} ${proven.length}`).join(', ')
  return `${environment}: ${plural(count, 'migration')} recorded as applied (${each}).\n`
}
