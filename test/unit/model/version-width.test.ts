import { describe, expect, it } from 'vitest'
import { parseMigration } from '../../../src/model/migration.ts'
import { markWidths } from '../../../src/model/version-width.ts'
import { migration } from '../../support/tool/project.ts'

const marked = (...names: string[]): string[] =>
  markWidths(names.map((name) => parseMigration(name, migration('')))).flatMap(({ problems }) =>
    problems.map(({ rule, file, message }) => `${rule} ${file} ${message.slice(0, message.indexOf(':'))}`),
  )

describe('versions of several widths', () => {
  it.each([
    [['1_a.sql', '2_b.sql', '3_c.sql']],
    [['00001_a.sql', '20260101000000_b.sql']],
    [['01_a.sql', '1_b.sql']],
    [['x.sql', '1_b.sql']],
  ])('are in order: %j', (names) => {
    expect(marked(...names)).toEqual([])
  })

  it('are marked where text and number disagree, each against the lowest that comes too late', () => {
    expect(marked('10_a.sql', '11_b.sql', '8_c.sql', '9_d.sql')).toEqual([
      'version-width 10_a.sql runs before 8_c.sql',
      'version-width 11_b.sql runs before 8_c.sql',
    ])
  })
})
