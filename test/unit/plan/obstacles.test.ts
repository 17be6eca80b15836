import { describe, expect, it } from 'vitest'
import type { DatabaseState, Environment, ManagedDatabase } from '../../../src/model/types.ts'
import { obstacleOf, requireUnobstructed } from '../../../src/plan/obstacles.ts'
import { databaseState, environment } from '../support/fixtures.ts'

const state = (
  change: Partial<DatabaseState> = {},
  managed: Partial<ManagedDatabase> = {},
): DatabaseState => {
  const base = { ...databaseState('iam'), tracked: false, tables: 1, schemas: ['public'], ...change }
  return { ...base, managed: { ...base.managed, ...managed } }
}
const found = (of: DatabaseState, change: Partial<Environment> = {}) =>
  obstacleOf(of, { ...environment(), ...change })

describe('a database that cannot be migrated as it is', () => {
  it.each<[string, Partial<DatabaseState>]>([
    ['is empty', { tables: 0 }],
    ['has its table of versions', { tracked: true, tables: 3 }],
  ])('is none that %s', (_, change) => {
    expect(found(state(change))).toBeUndefined()
  })

  it('is told with what it has, and where its versions were looked for', () => {
    expect(found(state())?.details.slice(0, 2)).toEqual([
      'It has 1 table in public.',
      'Looked for public.schema_migrations, then in every schema for a table schema_migrations with a text "version".',
    ])
    expect(found(state({ tables: 2 }))?.details[0]).toBe('It has 2 tables in public.')
  })

  it.each<[string, Partial<ManagedDatabase>, string]>([
    ['a search_path', { searchPath: 'app', versions: { schema: 'app', table: 'v' } }, 'app.v'],
    ['a schema', { migrationsTable: 'ops.v', versions: { schema: 'ops', table: 'v' } }, 'ops.v'],
  ])('was looked at in one place where the config has %s', (_, managed, place) => {
    expect(found(state({}, managed))?.details[1]).toBe(
      `Looked for ${place}, as the config says, and nowhere else.`,
    )
  })

  it('has no cutover to go to where there is no volume', () => {
    const embedded = found(state(), { engine: 'embedded' })
    expect(embedded?.hint).toMatch(/^write into the config: databases: \{ iam: /)
    expect(embedded?.details).toHaveLength(2)
  })

  it('is not to be adopted where no Docker is', () => {
    const native = found(state(), { engine: 'native' })
    expect(native?.hint).toMatch(/\nALTER DATABASE .* RENAME TO /)
    expect(`${native?.hint}${native?.details}`).not.toContain('adopt')
  })

  it('says first what the server says', () => {
    const obstacle = { message: 'invalid', details: [], hint: 'drop it' }
    expect(found(state({ obstacle }))).toBe(obstacle)
  })
})

describe('what is in the way', () => {
  const obstacle = { message: 'a is in the way', details: ['why'], hint: 'mend a' }

  it('stops a run with its own words where it is one thing', () => {
    expect(() => requireUnobstructed([obstacle])).toThrow(
      expect.objectContaining({ exitCode: 4, ...obstacle }),
    )
    expect(() => requireUnobstructed([])).not.toThrow()
    expect(() => requireUnobstructed()).not.toThrow()
  })

  it('is counted where it is more', () => {
    expect(() => requireUnobstructed([obstacle, obstacle])).toThrow(
      expect.objectContaining({ exitCode: 4, message: '2 databases are in no state to be migrated.' }),
    )
  })
})
