import { beforeAll, describe, expect, it } from 'vitest'
import { type Linter, loadLinter } from '../../../src/lint/linter.ts'
import { parseMigration } from '../../../src/model/migration.ts'
import { addsValue, enumWorld, notUsingValue, usingValue } from '../../support/lint/enum-cases.ts'
import { migration } from '../../support/tool/project.ts'
import { managedDatabase } from '../support/fixtures.ts'

let linter: Linter
beforeAll(async () => {
  linter = await loadLinter()
})

const managed = managedDatabase('iam')
const errorsIn = (sql: string, world?: string): string[] => {
  const files = [parseMigration('00002_b.sql', migration(`${addsValue}\n${sql};`))]
  const known =
    world === undefined
      ? undefined
      : linter.history({ managed, files: [parseMigration('00001_a.sql', migration(world))] })
  const judged = linter.lint({
    managed,
    files,
    which: 'both',
    elsewhere: 'applied before',
    ...(known && { known }),
  })
  return judged.flatMap(({ problems }) =>
    problems.filter(({ level }) => level === 'error').map(({ rule, line }) => `${rule}:${line}`),
  )
}

describe('a value that the same transaction added', () => {
  it.each(usingValue)('is found: %s', (sql) => {
    expect(errorsIn(sql, enumWorld)).toEqual(['using-new-enum-value:3'])
  })

  it.each(notUsingValue)('is another word: %s', (sql) => {
    expect(errorsIn(sql, enumWorld)).toEqual([])
  })

  it.each(usingValue.filter((sql) => !sql.includes('lamp_domain')))(
    'may be meant where nobody knows the tables: %s',
    (sql) => {
      expect(errorsIn(sql)).toEqual(['using-new-enum-value:3'])
    },
  )

  it('may be meant by a function that is not known, whatever it takes', () => {
    expect(errorsIn("SELECT say('on')", enumWorld)).toEqual(['using-new-enum-value:3'])
  })

  it('is read from all that the run does to its tables before', () => {
    const renamed = `${enumWorld} ALTER TABLE lamps RENAME COLUMN note TO words; ALTER TABLE lamps RENAME TO lights;
      ALTER TYPE lamp_state RENAME TO old_state; ALTER TYPE other_state RENAME TO lamp_state;`
    expect(errorsIn("UPDATE lights SET words = 'on', state = 'on'", renamed)).toEqual([])
    expect(errorsIn("UPDATE lights SET other = 'on'", renamed)).toEqual(['using-new-enum-value:3'])
  })

  it('is found twice where it is used twice, and each of several', () => {
    expect(errorsIn("UPDATE lamps SET state = 'on';\nSELECT 'on'::lamp_state", enumWorld)).toEqual([
      'using-new-enum-value:3',
      'using-new-enum-value:4',
    ])
    const dim = "ALTER TYPE lamp_state ADD VALUE 'dim';\nUPDATE lamps SET states = '{on,dim}'"
    expect(errorsIn(dim, enumWorld)).toEqual(['using-new-enum-value:4', 'using-new-enum-value:4'])
  })
})
