import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import type { DatabaseState, Migration } from '../../../src/model/types.ts'
import { watchApplied } from '../../../src/run/applied.ts'
import { type Batch, type BatchOptions, openBatch } from '../../../src/run/batch.ts'
import { openTurns } from '../../../src/run/turns.ts'

const managed = { name: 'shop', database: 'shop', versions: { schema: 'public', table: 'versions' } }
const migrations = ['1', '2', '3'].map(
  (version) => ({ version, file: `${version}.sql`, text: '', transaction: true }) as Migration,
)

/**
 * A call of dbmate that is through with all of its files before anybody looks; `recorded` stands in the table then, and the
 * ledger cannot be written where it is `shut`.
 */
const fastBatch = (recorded: readonly string[], { shut = false } = {}): Batch => {
  let standing: readonly string[] = []
  const output = migrations.map(({ file }) => `Applying: ${file}\nApplied: ${file} in 1ms\n`).join('')
  const query = async (_: string, sql: string): Promise<unknown[]> => {
    // The call is over when the first answer is there.
    await sleep(5)
    if (sql.startsWith('select version')) return standing.map((version) => ({ version }))
    if (sql.startsWith('select exists')) return [{ there: true }]
    if (shut && sql.startsWith('update')) throw new AppError('It is away.', { exitCode: 6 })
    return migrations.map(({ version }) => ({ version, id: version }))
  }
  const migrate = async (_: string, { onOutput }: { onOutput: (text: string) => void }) => {
    standing = recorded
    onOutput(output)
    return { exitCode: 0, output }
  }
  const server = { query, maintenance: 'postgres', user: 'postgres', label: 'pg', port: 5432 }
  return openBatch({
    ...{ engine: { server }, dbmate: { migrate }, managed, migrations, batch: '1-3', run: 'r' },
    ...{ environment: 'dev', lockTimeout: 5, known: new Set(), turns: openTurns(), onProgress: () => {} },
    ...{ interrupt: new AbortController().signal, provenance: {} },
    applied: watchApplied(server as never, [
      { managed, applied: [] as string[] } as unknown as DatabaseState,
    ]),
  } as unknown as BatchOptions)
}

const [first, second, last] = migrations as [Migration, Migration, Migration]

it('tells a version that nobody expects at the last of its files, when those before are told as done', async () => {
  const batch = fastBatch(['1', '2', '3', '9'])
  await batch.perform(first)
  await batch.perform(second)
  await expect(batch.perform(last)).rejects.toMatchObject({
    exitCode: 1,
    work: 'done',
    message: 'shop: public.versions changed under this run: 9 came.',
  })
})

it('tells at the last of its files that their rows stay open', async () => {
  const batch = fastBatch(['1', '2', '3'], { shut: true })
  await batch.perform(first)
  await batch.perform(second)
  await expect(batch.perform(last)).rejects.toMatchObject({
    work: 'done',
    touched: true,
    message: 'shop: 3.sql is applied; its row in the ledger stays open, and the next run settles it.',
    details: ['It is away.'],
  })
})

it('tells nothing where the versions are those of its files', async () => {
  const batch = fastBatch(['1', '2', '3'])
  for (const migration of migrations) await batch.perform(migration)
})
