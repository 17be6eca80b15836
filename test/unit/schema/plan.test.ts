import { describe, expect, it } from 'vitest'
import { parseMigration } from '../../../src/model/migration.ts'
import type { Migration } from '../../../src/model/types.ts'
import { isAllowed } from '../../../src/schema/plan/allowed.ts'
import { bisectPrefix } from '../../../src/schema/plan/find-prefix.ts'
import { rolesMadeBy } from '../../../src/schema/plan/roles-made.ts'
import { withoutSecrets } from '../../../src/schema/plan/secrets.ts'
import { findEmptyDown } from '../../../src/schema/plan/verify.ts'

const file = (
  version: number,
  up: string,
  { options = '', down = '' }: { options?: string; down?: string } = {},
): Migration => {
  const name = `${String(version).padStart(5, '0')}_x.sql`
  const { migration } = parseMigration(name, `-- migrate:up${options}\n${up}\n-- migrate:down\n${down}\n`)
  if (!migration) throw new Error(name)
  return migration
}
const difference = (object: string, expected: string | null, found: string | null) => ({
  object,
  kind: 'table',
  expected,
  found,
})

describe('bisectPrefix', () => {
  const files = Array.from({ length: 100 }, (_, index) =>
    file(
      index + 1,
      `create table t${index + 1} ();${(index + 1) % 7 === 0 ? `drop table t${index - 2};` : ''}`,
    ),
  )
  const tablesOf = (count: number): Set<string> => {
    const tables = new Set<string>()
    for (let n = 1; n <= count; n++) {
      tables.add(`t${n}`)
      if (n % 7 === 0) tables.delete(`t${n - 3}`)
    }
    return tables
  }
  const search = async (there: ReadonlySet<string>) => {
    let probes = 0
    const count = await bisectPrefix({
      files,
      probe: async (made) => {
        probes += 1
        const expected = tablesOf(made)
        return [
          ...[...expected.difference(there)].map((name) => difference(`table public.${name}`, 'x', null)),
          ...[...there.difference(expected)].map((name) => difference(`table public.${name}`, null, 'x')),
        ]
      },
    })
    return { count, probes }
  }

  it.each([0, 1, 6, 7, 8, 49, 50, 73, 99, 100])(
    'finds %i of 100 files that drop and make, in 7 builds',
    async (count) => {
      const found = await search(tablesOf(count))
      expect(found.count).toBe(count)
      expect(found.probes).toBeLessThanOrEqual(7)
    },
  )

  it('finds none where something was made by hand', async () => {
    expect((await search(new Set([...tablesOf(40), 'by_hand']))).count).toBeUndefined()
  })

  it('takes a build that fails for one of too many files', async () => {
    const probe = async (count: number) =>
      count > 60
        ? undefined
        : tablesOf(count).size === tablesOf(55).size
          ? []
          : [difference('table public.t55', null, 'x')]
    expect(await bisectPrefix({ files, probe })).toBeLessThanOrEqual(60)
  })
})

describe('isAllowed', () => {
  it.each([
    [
      'its whole name',
      'table public.notes',
      difference('table public.notes', null, 'CREATE TABLE public.notes ();'),
    ],
    ['its name', 'public.notes', difference('table public.notes', null, 'CREATE TABLE public.notes ();')],
    [
      'its table',
      'table public.notes',
      difference(
        'constraint notes_pkey on public.notes',
        null,
        'ALTER TABLE ONLY public.notes\n    ADD CONSTRAINT notes_pkey PRIMARY KEY (id);',
      ),
    ],
    [
      'its table',
      'public.notes',
      difference('index public.notes_idx', null, 'CREATE INDEX notes_idx ON public.notes USING btree (a);'),
    ],
    [
      'its table',
      'public.notes',
      difference('grants on table public.notes', null, 'GRANT SELECT ON TABLE public.notes TO a;'),
    ],
  ])('lets an object pass by %s', (_, ...[name, one]) => {
    expect(isAllowed(one, [name])).toBe(true)
    expect(isAllowed(one, ['table public.other', 'public.note'])).toBe(false)
  })
})

describe('what is shown of a difference', () => {
  it('never has a password', () => {
    expect(withoutSecrets("OPTIONS (\n    password 'it''s',\n    \"user\" 'far'\n)")).toBe(
      "OPTIONS (\n    password '***',\n    \"user\" 'far'\n)",
    )
    expect(withoutSecrets("CONNECTION 'host=db password=secret user=u'")).toBe(
      "CONNECTION 'host=db password=*** user=u'",
    )
  })
})

describe('rolesMadeBy', () => {
  it('knows the roles that files create, as Postgres would name them', () => {
    const files = [
      file(1, 'CREATE ROLE App; create user "Od d";'),
      file(2, 'do $$ begin create group g; end $$;'),
    ]
    expect(rolesMadeBy(files)).toEqual(new Set(['app', 'Od d', 'g']))
  })
})

describe('findEmptyDown', () => {
  const managed = { name: 'shop', database: 'shop', directory: '/', migrationsTable: 'schema_migrations' }
  it('is a fault, but where the file is declared irreversible', () => {
    const about = (up: string, down = '') => findEmptyDown({ managed, migration: file(1, up, { down }) })
    expect(about('create table a ();')).toMatchObject({ rule: 'verify-empty-down', line: 3 })
    expect(about('create table a ();', 'drop table a;')).toBeUndefined()
    expect(about('-- po-migrate:irreversible it is gone\ndrop table a;')).toBeUndefined()
  })
})
