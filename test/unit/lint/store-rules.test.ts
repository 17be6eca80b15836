import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readMigrations } from '../../../src/io/dbmate/files.ts'
import { catalogue } from '../../../src/lint/catalogue.ts'
import { storeRules } from '../../../src/lint/rules/store.ts'
import { structuralRules } from '../../../src/lint/rules/structural.ts'
import { rules } from '../../../src/lint/rules.ts'
import type { Problem } from '../../../src/model/types.ts'
import { migration } from '../../support/tool/project.ts'
import { managedDatabase, temporaryDirectory } from '../support/fixtures.ts'

/** A directory as an example lists it: a name a line, perhaps marked, perhaps with an encoding. */
const problemsOf = (listing: string): Problem[] => {
  using directory = temporaryDirectory()
  for (const line of listing.trim().split('\n')) {
    const [name = ''] = line.split(' ')
    const text = migration(line.includes('byte 0') ? "select '\0';" : "select 'ä';")
    const path = join(directory.path, name)
    if (name.endsWith('/')) mkdirSync(path)
    else writeFileSync(path, text, line.includes('1252') ? 'latin1' : 'utf8')
    if (line.includes('130 MB')) truncateSync(path, 130e6)
  }
  const { files, strays } = readMigrations({ ...managedDatabase('iam'), directory: directory.path })
  return [...strays, ...files.flatMap(({ problems }) => problems)]
}

const marked = (listing: string): string[] =>
  listing.split('\n').flatMap((line) => (line.includes('✗') ? [line.split(/[ /]/)[0] ?? ''] : []))

const aboutNames = storeRules
  .filter(({ id }) => id !== 'stray-migration')
  .map((rule) => [rule.id, rule] as const)

it.each(aboutNames)(
  '%s finds the marked names of its bad example, and nothing in its good one',
  (id, rule) => {
    expect(marked(rule.bad)).not.toEqual([])
    const found = problemsOf(rule.bad)
    expect(found.map(({ file }) => file).sort()).toEqual(marked(rule.bad).sort())
    expect(new Set(found.map((problem) => problem.rule))).toEqual(new Set([id]))
    expect(problemsOf(rule.good)).toEqual([])
  },
)

it('every rule has an id of its own', () => {
  const ids = [...structuralRules, ...storeRules, ...rules].map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(catalogue.size).toBe(ids.length + 1)
})
