import { describe, expect, it } from 'vitest'
import type { StatusDocument } from '../../../src/report/documents.ts'
import { makePaint } from '../../../src/report/paint.ts'
import { renderStatus } from '../../../src/report/status.ts'
import { plainPaint, sink } from '../support/fixtures.ts'

const colored = makePaint(sink({ isTTY: true }), { noColor: false, env: { LANG: 'C.UTF-8' } })

type Environment = StatusDocument['environments'][number]
type Database = Environment['databases'][number]

const iam: Database = {
  name: 'iam',
  database: 'iam_qual',
  exists: true,
  applied: 1,
  pending: 0,
  migrations: [{ version: '00001', file: '00001_a.sql', state: 'applied' }],
}
const status = (change: Partial<Environment> = {}): string => {
  const environment = { environment: 'qual', host: 'vps', network: 'net', databases: [iam], ...change }
  return renderStatus({ version: 1, environments: [environment] }, plainPaint)
}

describe('the status for people', () => {
  it('has a line for each migration, under its database and environment, and what needs somebody first', () => {
    const rag: Database = {
      ...iam,
      database: 'rag_qual',
      pending: 2,
      migrations: [
        { version: '00001', file: null, state: 'missing-file' },
        { version: '00002', file: '00002_b.sql', state: 'pending' },
      ],
    }
    const none: Database = {
      ...iam,
      database: 'new_qual',
      exists: false,
      applied: 0,
      pending: 1,
      migrations: [],
    }
    expect(status({ databases: [iam, rag, none] })).toBe(
      'qual · host vps · network net\n' +
        'rag_qual  1 applied, 2 pending\n' +
        ' –  00001 (no file in this checkout)  missing-file\n –  00002_b.sql                       pending\n' +
        'new_qual  does not exist yet\n' +
        'iam_qual  1 applied\n ✔  00001_a.sql\n' +
        '3 databases, 2 applied, 3 pending, 2 behind\n' +
        'missing-file: applied, and no file of this checkout has its version\n',
    )
  })

  it('counts the older applied files of a long history, and shows everything that is not applied', () => {
    const migrations = Array.from({ length: 30 }, (_, index) => {
      const version = String(index + 1).padStart(5, '0')
      const state = index === 4 ? 'edited' : index === 29 ? 'pending' : 'applied'
      return { version, file: `${version}_a.sql`, state } as const
    })
    expect(status({ databases: [{ ...iam, applied: 29, pending: 1, migrations }] })).toBe(
      'qual · host vps · network net\n' +
        'iam_qual  29 applied, 1 pending\n' +
        '    25 older ones applied\n' +
        ' –  00005_a.sql  edited\n' +
        ' ✔  00027_a.sql\n ✔  00028_a.sql\n ✔  00029_a.sql\n' +
        ' –  00030_a.sql  pending\n' +
        'edited: applied, and its text changed since\n',
    )
    const short = migrations.slice(0, 20)
    expect(status({ databases: [{ ...iam, migrations: short }] })).not.toContain('older ones')
  })

  it('leaves out a place that there is none of', () => {
    expect(status({ network: '', databases: [] })).toBe('qual · host vps\nno managed database yet\n')
    expect(status({ host: '', network: '', databases: [] })).toBe('qual\nno managed database yet\n')
  })

  it('says why an environment, or one database of it, cannot be read', () => {
    const error = { message: 'no server', details: [], touched: false }
    expect(status({ error })).toBe('qual · host vps · network net\n✖ no server\n  Nothing was touched.\n')
    expect(status({ databases: [{ ...iam, error: { ...error, hint: 'po-migrate doctor' } }] })).toContain(
      '✖ no server\n  Nothing was touched.\n  → po-migrate doctor\n',
    )
  })

  it('marks what is not applied by another colour than what is', () => {
    const shown = (state: Database['migrations'][number]['state']) =>
      renderStatus(
        {
          version: 1,
          environments: [
            {
              environment: 'qual',
              host: '',
              network: '',
              databases: [{ ...iam, migrations: [{ version: '1', file: '1_a.sql', state }] }],
            },
          ],
        },
        colored,
      )
    expect(shown('applied')).toContain(colored.green('✔'))
    for (const state of ['pending', 'out-of-order', 'missing-file', 'edited'] as const)
      expect(shown(state)).toContain(colored.yellow(state))
  })
})
