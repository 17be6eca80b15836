import { describe, expect, it } from 'vitest'
import type { Step } from '../../../src/model/step.ts'
import { nextFile } from '../../../src/run/next-file.ts'
import { managedDatabase, parsed } from '../support/fixtures.ts'

const [iam, rag] = [managedDatabase('iam'), managedDatabase('rag')]
const [a, b, c] = [parsed('00001_a.sql'), parsed('00002_b.sql'), parsed('00003_c.sql')]
const outside = parsed(
  '00002_b.sql',
  '-- migrate:up transaction:false\nselect 1;\n\n-- migrate:down\nselect 1;\n',
)
const apply = (managed: typeof iam, file: typeof a): Step => ({
  kind: 'apply-migration',
  managed,
  migration: file,
})
const undo = (managed: typeof iam, file: typeof a): Step => ({
  ...apply(managed, file),
  kind: 'rollback-migration',
})

/** Behind the first of these steps. */
const behind = (steps: readonly Step[]): string | undefined => nextFile(steps, steps[0] as Step)?.file

describe('the file whose row may be written with the end of the one before it', () => {
  it('is the one directly behind it in the same database', () => {
    const steps = [apply(iam, a), apply(iam, b), apply(iam, c)]
    expect(steps.map((step) => nextFile(steps, step)?.file)).toEqual([
      '00002_b.sql',
      '00003_c.sql',
      undefined,
    ])
    expect(behind([undo(iam, b), undo(iam, a)])).toBe('00001_a.sql')
  })

  it('is none in another database, of another kind, behind another step, or of a step that is not planned', () => {
    expect(behind([apply(iam, a), apply(rag, b)])).toBeUndefined()
    expect(behind([apply(iam, a), undo(iam, b)])).toBeUndefined()
    expect(behind([apply(iam, a), { kind: 'accept-edit', managed: iam, migration: b }])).toBeUndefined()
    expect(behind([apply(iam, a), { kind: 'create-database', managed: rag }, apply(rag, b)])).toBeUndefined()
    expect(nextFile([apply(iam, a), apply(iam, b)], apply(iam, a))).toBeUndefined()
  })

  it('is none that runs outside a transaction in this direction', () => {
    expect(outside.transaction).toBe(false)
    expect(behind([apply(iam, a), apply(iam, outside)])).toBeUndefined()
    expect(behind([undo(iam, c), undo(iam, outside)])).toBe('00002_b.sql')
  })
})
