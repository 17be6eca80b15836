import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, it } from 'vitest'
import { rules } from '../../../src/lint/rules.ts'
import { type Lint, openLint } from '../../support/lint/linted.ts'
import { squawkCases } from '../../support/lint/squawk-cases.ts'
import { migration } from '../../support/tool/project.ts'
import { temporaryDirectory } from '../support/fixtures.ts'

/** Each of its rules, and those here of which one at least speaks where it does; none: see docs/lint.md. */
const counterparts: Readonly<Record<string, readonly string[]>> = {
  'adding-field-with-default': [
    'adding-field-with-default',
    'adding-stored-generated-field',
    'adding-auto-increment-field',
  ],
  'adding-foreign-key-constraint': ['adding-foreign-key-constraint'],
  'adding-not-nullable-field': ['adding-not-nullable-field'],
  'adding-required-field': ['adding-required-field'],
  'adding-serial-primary-key-field': ['adding-serial-primary-key-field'],
  'ban-alter-domain-with-add-constraint': ['ban-alter-domain-with-add-constraint'],
  'ban-char-field': ['ban-char-field'],
  'ban-concurrent-index-creation-in-transaction': ['not-in-transaction'],
  'ban-create-domain-with-constraint': ['adding-constrained-domain-field'],
  'ban-drop-column': ['ban-drop-column'],
  'ban-drop-database': ['cluster-wide'],
  'ban-drop-not-null': ['ban-drop-not-null'],
  'ban-drop-table': ['ban-drop-table'],
  'ban-duplicate-column-assignments': ['ban-duplicate-column-assignments'],
  'ban-truncate-cascade': ['ban-truncate-cascade'],
  'ban-uncommitted-transaction': ['own-transaction'],
  'changing-column-type': ['changing-column-type'],
  'constraint-missing-not-valid': [
    'constraint-missing-not-valid',
    'validating-constraint-in-same-transaction',
    'adding-exclusion-constraint',
    'adding-foreign-key-constraint',
    'adding-serial-primary-key-field',
    'disallowed-unique-constraint',
  ],
  'disallowed-unique-constraint': ['disallowed-unique-constraint'],
  'identifier-too-long': ['identifier-too-long'],
  'prefer-bigint-over-int': ['prefer-bigint-over-int'],
  'prefer-bigint-over-smallint': ['prefer-bigint-over-int'],
  'prefer-identity': [],
  'prefer-repack': ['prefer-repack'],
  'prefer-robust-stmts': [],
  'prefer-text-field': [],
  'prefer-timestamp-tz': ['prefer-timestamptz'],
  'renaming-column': ['renaming-column'],
  'renaming-table': ['renaming-table'],
  'require-concurrent-index-creation': ['require-concurrent-index-creation'],
  'require-concurrent-index-deletion': ['require-concurrent-index-deletion'],
  'require-concurrent-partition-detach': ['require-concurrent-partition-detach'],
  'require-concurrent-reindex': ['require-concurrent-reindex'],
  'require-enum-value-ordering': [],
  'require-lock-timeout': ['require-timeout-settings'],
  'require-statement-timeout': ['require-statement-timeout'],
  'require-table-schema': [],
  'require-timeout-settings': ['require-timeout-settings'],
  'transaction-nesting': ['own-transaction'],
  'unused-ignore': ['unused-ignore'],
}

const compared = new Set(Object.values(counterparts).flat())

/** Rules that squawk names, by the place of the case. */
const askSquawk = async (): Promise<Set<string>[]> => {
  using directory = temporaryDirectory()
  const files = squawkCases.map(({ sql }, index) => directory.write(`${index}.sql`, sql))
  const { stdout } = await execa({
    preferLocal: true,
    reject: false,
  })`squawk --reporter json --pg-version 17.0 --assume-in-transaction ${files}`
  const found: { file: string; rule_name: string }[] = JSON.parse(stdout)
  return files.map(
    (file) => new Set(found.filter((entry) => entry.file === file).map(({ rule_name }) => rule_name)),
  )
}

let lint: Lint
let theirs: Set<string>[]
beforeAll(async () => {
  ;[lint, theirs] = await Promise.all([openLint(), askSquawk()])
}, 60_000)

describe('beside squawk 2.66', () => {
  // The wait for a lock is bounded by the tool, so both are said once, by cases of their own.
  const timeouts = ['require-lock-timeout', 'require-statement-timeout']

  it.each(squawkCases.map((entry, index) => [entry.sql, { ...entry, index }] as const))(
    '%s',
    (sql, { index, ours = [], theirs: alone = [] }) => {
      const found = lint.find(migration(sql), rules).map((entry) => entry.replace(/:\d+$/, ''))
      const named = [...(theirs[index] ?? [])]
      const about = named.filter((rule) => counterparts[rule]?.length !== 0)
      const missed = about.filter((rule) => !counterparts[rule]?.some((own) => found.includes(own)))
      const isAboutTime = sql.includes('COLUMN channel')
      expect(missed.filter((rule) => isAboutTime || !timeouts.includes(rule)).sort()).toEqual(
        [...alone].sort(),
      )
      const backed = new Set(named.flatMap((rule) => counterparts[rule] ?? []))
      const more = found.filter((rule) => compared.has(rule) && !backed.has(rule))
      expect([...new Set(more)].sort()).toEqual([...ours].sort())
    },
  )

  it('every rule that it names here is known, and all but a few have spoken', () => {
    const named = new Set(theirs.flatMap((rules) => [...rules]))
    expect([...named].filter((rule) => !(rule in counterparts))).toEqual([])
    const silent = Object.keys(counterparts).filter((rule) => !named.has(rule))
    // Opt-in, older names, newer servers, and its own comments.
    expect(silent.sort()).toEqual([
      'prefer-repack',
      'require-enum-value-ordering',
      'require-table-schema',
      'require-timeout-settings',
      'unused-ignore',
    ])
  })

  it('each of its rules stands in docs/lint.md', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../docs/lint.md'), 'utf8')
    for (const rule of Object.keys(counterparts)) expect(text).toMatch(new RegExp(`^\\| ${rule} \\|`, 'm'))
  })
})
