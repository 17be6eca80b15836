import { describe, expect, it } from 'vitest'
import { renderDoctor } from '../../../src/report/doctor.ts'
import type { DoctorDocument } from '../../../src/report/documents.ts'
import { plainPaint } from '../support/fixtures.ts'

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
      `! ${'disk'.padEnd(22)} v24`,
      '',
      '1 check failed, 1 warning',
      '',
    ])
  })

  it('are a dash where nothing was found that is wrong, and stand in one column', () => {
    const long = 'backups of older releases'
    const text = shown(
      check({ title: 'event triggers', finding: 'none' }),
      check({ title: long, finding: 'nothing' }),
      check({ title: 'pooler', status: 'failed', finding: 'none' }),
    )
    expect(text.split('\n').slice(1, 4)).toEqual([
      `✔ ${'event triggers'.padEnd(long.length)} –`,
      `✔ ${long} –`,
      `✖ ${'pooler'.padEnd(long.length)} none`,
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
