import { describe, expect, it } from 'vitest'
import type { ManagedDatabase } from '../../../src/model/types.ts'
import {
  chooseVersions,
  configuredVersions,
  expectVersions,
  type FoundVersions,
  type Namesake,
  schemasOf,
} from '../../../src/model/versions-table.ts'
import { managedDatabase } from '../support/fixtures.ts'

const iam = managedDatabase('iam', '_qual')
const managed = (change: Partial<ManagedDatabase> = {}): ManagedDatabase => ({ ...iam, ...change })
const namesake = (schema: string, change: Partial<Namesake> = {}): Namesake => ({
  schema,
  kind: 'r',
  version: 'character varying(128)',
  permitted: true,
  ...change,
})
const choose = (found: Partial<FoundVersions>) =>
  chooseVersions(iam, 'schema_migrations', { schema: 'public', fixed: false, namesakes: [], ...found })
const obstacleOf = (found: Partial<FoundVersions>) => choose(found).obstacle?.message

describe('the schemas of a search_path', () => {
  it.each([
    ['app, public', ['app', 'public']],
    ['App', ['App']],
    ['"a, b" , c', ['a, b', 'c']],
    ['"say ""hi""",public', ['say "hi"', 'public']],
    ['', []],
  ])('of %j are %j', (path, schemas) => {
    expect(schemasOf(path)).toEqual(schemas)
  })
})

describe('what the config says of the table of versions', () => {
  it.each<[string, Partial<ManagedDatabase>, object, object]>([
    [
      'its name only',
      {},
      { schema: null, path: null, table: 'schema_migrations' },
      { schema: 'public', table: 'schema_migrations' },
    ],
    [
      'its schema too, split at the first dot',
      { migrationsTable: 'ops.versions.old', searchPath: 'app' },
      { schema: 'ops', path: null, table: 'versions.old' },
      { schema: 'ops', table: 'versions.old' },
    ],
    [
      'a search_path, whose first schema has it',
      { searchPath: 'app, public' },
      { schema: null, path: ['app', 'public'], table: 'schema_migrations' },
      { schema: 'app', table: 'schema_migrations' },
    ],
    [
      'nothing that counts once it was found on the server',
      { migrationsTable: 'ops.versions', searchPath: 'app', versions: { schema: 'found', table: 'there' } },
      { schema: 'found', path: null, table: 'there' },
      { schema: 'found', table: 'there' },
    ],
  ])('is %s', (...row) => {
    const [, change, configured, expected] = row
    expect(configuredVersions(managed(change))).toEqual(configured)
    expect(expectVersions(managed(change))).toEqual(expected)
  })
})

describe('the table of versions', () => {
  const at = (schema: string) => ({ schema, table: 'schema_migrations' })

  it.each<[string, Partial<FoundVersions>, string, boolean]>([
    ['where dbmate looks', { namesakes: [namesake('app'), namesake('public')] }, 'public', true],
    ['in the one other schema that has it', { namesakes: [namesake('app')] }, 'app', true],
    ['where dbmate will make it, when there is none', {}, 'public', false],
    [
      'nowhere else when the config names its schema',
      { schema: 'ops', fixed: true, namesakes: [namesake('app'), namesake('public')] },
      'ops',
      false,
    ],
    [
      'none of the things elsewhere that only bear its name',
      {
        namesakes: [
          namesake('a', { kind: 'v' }),
          namesake('b', { version: null }),
          namesake('c', { version: 'bigint' }),
          namesake('d', { version: 'text', kind: 'p' }),
        ],
      },
      'd',
      true,
    ],
  ])('is %s', (...row) => {
    const [, found, schema, tracked] = row
    expect(choose(found)).toEqual({ place: at(schema), tracked })
  })

  it.each<[string, Namesake, string]>([
    ['a view', namesake('public', { kind: 'v' }), 'it is a view'],
    ['a table without a version', namesake('public', { version: null }), 'it has no column "version"'],
    [
      'a table of numbers',
      namesake('public', { version: 'bigint' }),
      'it has a column "version" of type bigint',
    ],
  ])('is not guessed at where dbmate would find %s', (_, found, words) => {
    const { obstacle, place, tracked } = choose({ namesakes: [found, namesake('app')] })
    expect({ place, tracked }).toEqual({ place: at('public'), tracked: true })
    expect(obstacle?.message).toBe(
      `iam_qual: public.schema_migrations is not dbmate's table of versions: ${words}.`,
    )
  })

  it('has to be said where several could be it', () => {
    expect(choose({ namesakes: [namesake('app'), namesake('shop')] }).obstacle).toMatchObject({
      message: 'iam_qual: 2 tables may hold the versions: app.schema_migrations, shop.schema_migrations.',
      hint: 'say which, write into the config: databases: { iam: { migrations_table: app.schema_migrations } }',
    })
  })

  it('has to be one that the role may use, in a schema that dbmate can name', () => {
    expect(obstacleOf({ namesakes: [namesake('public', { permitted: false })] })).toBe(
      'iam_qual: the role may not read and write public.schema_migrations.',
    )
    expect(obstacleOf({ namesakes: [namesake('a.b')] })).toContain(
      'dbmate cannot name a table in the schema "a.b"',
    )
    expect(obstacleOf({ schema: 'a.b' })).toContain('dbmate cannot name')
  })
})
