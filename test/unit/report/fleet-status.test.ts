import { describe, expect, it } from 'vitest'
import type { StatusDocument } from '../../../src/report/documents.ts'
import { renderStatus } from '../../../src/report/status.ts'
import { plainPaint } from '../support/fixtures.ts'

type Database = StatusDocument['environments'][number]['databases'][number]

const files = ['00001_a.sql', '00002_b.sql']

const member = (key: string, applied: number, change: Partial<Database> = {}): Database => ({
  name: `tenants/${key}`,
  fleet: 'tenants',
  database: `${key}_qual`,
  exists: true,
  applied,
  pending: files.length - applied,
  migrations: files.map((file, index) => ({
    version: file.slice(0, 5),
    file,
    state: index < applied ? 'applied' : 'pending',
  })),
  ...change,
})

const many = Array.from({ length: 1000 }, (_, index) => member(`t${index}`, 2))
const behind = [member('b1', 1), member('b2', 1), member('b3', 0)]
const error = { message: 'gone_qual: is not on the server.', details: [], hint: 'create it' }
const gone = member('gone', 0, { exists: false, error, migrations: [], pending: 0 })

const render = (databases: Database[], all = false, environments = ['qual']): string =>
  renderStatus(
    {
      version: 1,
      environments: environments.map((environment) => ({
        environment,
        host: 'vps',
        network: 'net',
        databases,
      })),
    },
    plainPaint,
    { all },
  )

describe('the status of a fleet', () => {
  it('says how many stand where, and who is behind, on one screen', () => {
    const text = render([...many, ...behind, gone])
    expect(text.split('\n')).toEqual([
      'qual · host vps · network net',
      'tenants  1004 databases, 4 behind',
      ' 1000  at 00002_b.sql',
      '    2  at 00001_a.sql, 1 pending',
      '       b1, b2',
      '    1  nothing applied, 2 pending',
      '       b3',
      '    1  refused',
      '       gone',
      '  tenants: gone: is not on the server.',
      '    → create it',
      '1004 databases, 2002 applied, 4 pending, 4 behind',
      '',
    ])
  })

  it('tells a database with an odd history from the others', () => {
    const odd = member('odd', 2)
    const edited = { ...odd, migrations: odd.migrations.map((one) => ({ ...one, state: 'edited' as const })) }
    expect(render([...many, edited])).toContain('1  at 00002_b.sql, edited 00001, edited 00002')
  })

  it('lists every database where all are asked for, and the only one there is', () => {
    expect(render([...many, ...behind], true)).toContain('t999_qual  2 applied')
    expect(render(behind.slice(0, 1))).toContain('b1_qual  1 applied, 1 pending')
  })

  it('is one line beside other environments', () => {
    const text = render([...many, ...behind], false, ['qual', 'prod'])
    expect(text).toMatch(/tenants \(databases\) +1000 of 1003 +1000 of 1003/)
    expect(text.split('\n').length).toBeLessThan(6)
  })
})
