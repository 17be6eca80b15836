import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DumpTarget } from '../../src/io/postgres/dump-tool.ts'
import { readImageOf } from '../../src/io/postgres/scratch-server.ts'
import { compareSchemas } from '../../src/schema/plan/compare-schemas.ts'
import { compareThoroughly, readSchema, type Schema } from '../../src/schema/read-schema.ts'
import { openWorkbench, sourceOf } from '../../src/schema/workbench.ts'
import { dbmateImage, postgres18Image, postgresImage } from '../support/engine/images.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { baseRoles, baseSchema } from '../support/schema/base-schema.ts'
import { differences, type OneDifference } from '../support/schema/differences.ts'
import { equalOnceRead, equalPairs } from '../support/schema/equal-pairs.ts'
import { openTarget } from '../support/schema/open-target.ts'

const words = /\w+/g
const created = new Set(
  [...baseSchema.matchAll(/create (?:\w+ )*?(?:sales\.)?(\w+)/g)].map(([, name]) => name),
)

/** What a change is about: two that share none of it are none of each other's business. */
const subjectsOf = ([, sql, ...objects]: OneDifference): Set<string> =>
  new Set([...objects, ...(sql.match(words) ?? []).filter((word) => created.has(word) && word !== 'sales')])

/** Each change beside others that have nothing to do with it: copying a database takes longer than all else. */
const groups = differences.reduce<OneDifference[][]>((all, one) => {
  const own = subjectsOf(one)
  const alone = one[1].includes('schema public')
  const fits = (group: OneDifference[]): boolean =>
    !alone &&
    group.every((other) => !other[1].includes('schema public') && own.isDisjointFrom(subjectsOf(other)))
  const group = all.find(fits)
  if (group) group.push(one)
  else all.push([one])
  return all
}, [])

describe.each([
  [17, postgresImage],
  [18, postgres18Image],
])('the comparer on Postgres %i', (_major, serverImage) => {
  /** One server; each case has a database of its own. */
  let postgres: TestPostgres
  let target: AsyncDisposable & DumpTarget
  let base: Schema
  beforeAll(async () => {
    postgres = await startPostgres({}, { image: serverImage })
    target = await openTarget(postgres)
    await postgres.psql('postgres', baseRoles)
    await postgres.psql('postgres', 'create database pristine')
    await postgres.psql('pristine', baseSchema)
    // Nobody may be connected to what is copied.
    await postgres.psql('postgres', 'create database base template pristine')
    base = await readSchema(sourceOf(target), { database: 'base' })
  })
  afterAll(async () => {
    await target[Symbol.asyncDispose]()
    await postgres[Symbol.asyncDispose]()
  })

  let count = 0
  const build = async (sql: string, template = 'template1'): Promise<Schema> => {
    const database = `case_${++count}`
    await postgres.psql('postgres', `create database ${database} template ${template}`)
    await postgres.psql(database, sql)
    return await readSchema(sourceOf(target), { database })
  }

  it('has at least 130 kinds of one difference to find', () => {
    expect(differences.length).toBeGreaterThanOrEqual(130)
  })

  it.each(groups.map((group) => [group.map(([what]) => what).join('; '), group] as const))(
    'finds, names and tells apart: %s',
    async (_, group) => {
      const changed = await build(group.map(([, sql]) => sql).join(';\n'), 'pristine')
      const found = compareSchemas(base.objects, changed.objects)
      expect(found.map(({ object }) => object).sort()).toEqual(
        group.flatMap(([, , ...objects]) => objects).sort(),
      )
    },
  )

  it('finds nothing in what is alike, whichever way it was made', async () => {
    const sideOf = (side: 1 | 2): string =>
      equalPairs
        .map(
          (pair, index) =>
            `create schema pair_${index}; grant usage on schema pair_${index} to app; set search_path = pair_${index}; ${pair[side]}; reset role`,
        )
        .join(';\n')
    const [left, right] = [await build(sideOf(1)), await build(sideOf(2))]
    expect(compareSchemas(left.objects, right.objects)).toEqual([])
    expect(left.objects.length).toBeGreaterThan(equalPairs.length * 2)
  })

  it('reads what differs back once, and tells only what differs then', async () => {
    await using bench = await openWorkbench({
      ...{ docker: target.docker, image: await readImageOf(target.docker, target.container) },
      ...{ run: target.run, environment: 'test', user: 'postgres', migrator: 'postgres' },
      ...{
        postgres: target.container,
        databases: [],
        preload: '',
        dbmateImage,
        madeByFiles: new Set<string>(),
      },
    })
    for (const [what, one, other] of equalOnceRead) {
      const [expected, found] = [await build(one), await build(other)]
      expect(compareSchemas(expected.objects, found.objects), what).toHaveLength(1)
      expect(await compareThoroughly(bench, { expected, found })).toEqual({ differences: [] })
      const more = await build(`${other}; create table more ()`)
      const { differences: left } = await compareThoroughly(bench, { expected, found: more })
      expect(left.map(({ object }) => object)).toEqual(['table public.more'])
    }
  })
})
