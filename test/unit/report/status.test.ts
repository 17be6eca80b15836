import { describe, expect, it } from 'vitest'
import type { DoctorDocument, StatusDocument } from '../../../src/report/documents.ts'
import { makePaint } from '../../../src/report/paint.ts'
import { renderDoctor, renderStatus } from '../../../src/report/status.ts'
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
  it('has a line for each migration, under its database and environment', () => {
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
        'iam_qual  1 applied\n ✔  00001_a.sql\n' +
        'rag_qual  1 applied, 2 pending\n' +
        ' –  00001 (no file in this checkout)  missing-file\n –  00002_b.sql                       pending\n' +
        'new_qual  does not exist yet\n',
    )
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

describe("doctor's findings for people", () => {
  type Check = DoctorDocument['checks'][number]
  const check = (change: Partial<Check> = {}): Check => ({
    environment: null,
    title: 'node',
    status: 'ok',
    finding: 'v24',
    ...change,
  })
  const shown = (...checks: Check[]) => renderDoctor({ version: 1, checks }, plainPaint)

  it('stand under what they are about, each remedy in a line of its own, and are counted', () => {
    const text = shown(
      check(),
      check({ environment: 'qual', title: 'lock', status: 'failed', remedy: 'first\nthen' }),
      check({ environment: 'qual', title: 'disk', status: 'warning' }),
      check({ title: 'git', status: 'skipped' }),
    )
    expect(text.split('\n')).toEqual([
      'this machine',
      `✔ ${'node'.padEnd(22)} v24`,
      `– ${'git'.padEnd(22)} v24`,
      '',
      'qual',
      `✖ ${'lock'.padEnd(22)} v24`,
      '    → first',
      '    → then',
      `✖ ${'disk'.padEnd(22)} v24`,
      '',
      '1 check failed, 1 warning',
      '',
    ])
  })

  it('are all passed where none failed, whatever is only noted', () => {
    expect(shown(check(), check({ status: 'fixed' }), check({ status: 'skipped' }))).toMatch(
      /\nall checks passed\n$/,
    )
    expect(shown(check({ status: 'warning' }), check({ status: 'warning' }))).toMatch(
      /\nall checks passed, 2 warnings\n$/,
    )
    expect(shown(check({ status: 'failed' }), check({ status: 'failed' }))).toMatch(/\n2 checks failed\n$/)
  })
})
