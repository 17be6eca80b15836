import { describe, expect, it } from 'vitest'
import {
  renderBackup,
  renderBytes,
  renderReplacements,
  renderRestore,
  renderTransfer,
} from '../../../src/backup/report.ts'
import { database } from '../../support/tool/inventories.ts'

describe('telling of bytes', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [12_345_678, '12.3 MB'],
    [5e12, '5.0 TB'],
    [5e15, '5000.0 TB'],
  ])('%i is %s', (bytes, text) => {
    expect(renderBytes(bytes)).toBe(text)
  })

  it('shows how far and how fast, and of how much where that is known', () => {
    expect(renderTransfer({ bytes: 12_300_000, rate: 8_100_000.4 })).toBe('12.3 MB, 8.1 MB/s')
    expect(renderTransfer({ bytes: 1000, rate: 500, total: 2000 })).toBe('1.0 kB of 2.0 kB, 500 bytes/s')
  })
})

describe('telling of backups and restores', () => {
  it('sums a backup up in a sentence', () => {
    const databases = ['a', 'b'].map((name) => ({ bytes: 2000, inventory: database(name) }))
    expect(renderBackup({ environment: 'qual', directory: '/b', databases, ms: 1200 })).toBe(
      'qual: 2 databases, 6 rows backed up and proven in 1.2 s: /b (4.0 kB)\n',
    )
  })

  it('shows what is replaced by what', () => {
    const takenAt = '2026-11-22T19:02:11.000Z'
    const present = { size: 8_100_000, tables: 1, rows: 4 }
    expect(
      renderReplacements([
        { database: 'iam', present, tables: 1, rows: 3, takenAt },
        { database: 'calendar', present: undefined, tables: 2, rows: 1, takenAt },
        { database: 'rag', present: 'closed', tables: 2, rows: 1, takenAt },
      ]),
    ).toBe(`iam       1 table, about 4 rows, 8.1 MB  becomes 1 table, 3 rows of 2026-11-22 19:02 UTC
calendar  does not exist                 becomes 2 tables, 1 row of 2026-11-22 19:02 UTC
rag       lets nobody in                 becomes 2 tables, 1 row of 2026-11-22 19:02 UTC
`)
  })

  it('says what the replaced databases are called, where there were any', () => {
    const swap = { database: 'iam', replaced: 'iam_before_x' }
    const base = { environment: 'qual', directory: '/b', ms: 900 }
    expect(renderRestore({ ...base, swaps: [swap] })).toBe(
      'qual: iam restored in 900 ms from /b; what was there stays as iam_before_x.\n',
    )
    expect(renderRestore({ ...base, swaps: [{ ...swap, replaced: null }] })).toBe(
      'qual: iam restored in 900 ms from /b.\n',
    )
  })
})
