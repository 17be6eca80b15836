import { describe, expect, it } from 'vitest'
import { type Check, runChecks } from '../../../src/checks/check.ts'
import { AppError } from '../../../src/errors.ts'

const ok = (title: string, needs?: string): Check => ({ title, run: () => 'fine', ...(needs && { needs }) })
const broken = (title: string, needs?: string): Check => ({
  ...ok(title, needs),
  run: () => {
    throw new AppError(`${title} is broken`, { exitCode: 1, hint: `mend ${title}` })
  },
})

const run = (checks: Check[], fix = false) => runChecks(checks, { environment: 'dev', fix })

describe('checks', () => {
  it('tell what they found, or what is wrong with the remedy', async () => {
    expect(await run([ok('a'), broken('b')])).toEqual([
      { environment: 'dev', title: 'a', status: 'ok', finding: 'fine' },
      { environment: 'dev', title: 'b', status: 'failed', finding: 'b is broken', remedy: 'mend b' },
    ])
  })

  it('skip what depends on a failed one, and what depends on that: one fault is one line', async () => {
    const results = await run([broken('a'), ok('b', 'a'), ok('c', 'b'), ok('d')])
    expect(results.map(({ title, status }) => `${title} ${status}`)).toEqual([
      'a failed',
      'b skipped',
      'c skipped',
      'd ok',
    ])
  })

  it('put right what can be put right, only when asked to', async () => {
    const check: Check = { ...broken('a'), fix: async () => 'mended' }
    expect((await run([check]))[0]).toMatchObject({ status: 'failed' })
    expect(await run([check, ok('b', 'a')], true)).toMatchObject([
      { status: 'fixed', finding: 'mended' },
      { status: 'ok' },
    ])
  })

  it('let a bug through', async () => {
    const bug = new TypeError('x')
    const check: Check = {
      title: 'a',
      run: () => {
        throw bug
      },
    }
    await expect(run([check])).rejects.toBe(bug)
  })
})
