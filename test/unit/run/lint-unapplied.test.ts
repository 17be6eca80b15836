import { describe, expect, it, vi } from 'vitest'
import { loadLinter } from '../../../src/lint/linter.ts'
import { lintUnapplied } from '../../../src/run/lint-unapplied.ts'
import { migration } from '../../support/tool/project.ts'
import { databaseState } from '../support/fixtures.ts'

const texts = { '00001_a.sql': migration('begin;'), '00002_b.sql': migration('commit;') }
const state = (change: { applied?: string[]; attempted?: string[] }) => {
  const made = databaseState('iam', { files: Object.keys(texts), texts, applied: change.applied ?? [] })
  const files = made.files.map((file) => ({ ...file, checksum: `sha of ${file.file}` }))
  return { ...made, files, attempted: new Set(change.attempted) }
}

/** The files with a problem after preflight, and how often the linter was loaded for that. */
const preflight = async (...states: ReturnType<typeof state>[]) => {
  const load = vi.fn(loadLinter)
  const linted = await lintUnapplied(states, load)
  const faulty = linted.flatMap(({ files }) => files.filter(({ problems }) => problems.length > 0))
  return { faulty: faulty.map(({ file }) => file), loaded: load.mock.calls.length, linted }
}

describe('preflight', () => {
  it('lints every file that is to run', async () => {
    expect(await preflight(state({}))).toMatchObject({ faulty: ['00001_a.sql', '00002_b.sql'], loaded: 1 })
  })

  it('leaves applied files alone, whatever is in them', async () => {
    expect(await preflight(state({ applied: ['00001'] }))).toMatchObject({
      faulty: ['00002_b.sql'],
      loaded: 1,
    })
  })

  it('does not parse a text again that the database has been given before', async () => {
    const known = { applied: ['00001'], attempted: ['sha of 00002_b.sql'] }
    expect(await preflight(state(known))).toMatchObject({ faulty: [], loaded: 0 })
  })

  it('loads no linter where nothing is to run', async () => {
    const done = state({ applied: ['00001', '00002'] })
    const { loaded, linted } = await preflight(done, done)
    expect(loaded).toBe(0)
    expect(linted).toEqual([done, done])
  })

  it('keeps what was known of a file before, once', async () => {
    const made = state({})
    const [first, second] = made.files
    const known = { rule: 'duplicate-version', level: 'error' as const, file: '00001_a.sql', message: 'x' }
    const files = [{ ...first!, problems: [known] }, second!]
    const [linted] = await lintUnapplied([{ ...made, files }], loadLinter)
    expect(linted?.files[0]?.problems.map(({ rule }) => rule)).toEqual([
      'duplicate-version',
      'own-transaction',
    ])
  })
})
