import { describe, expect, it } from 'vitest'
import { concurrentIndexOf, type Evidence, examine } from '../../../src/model/forensics.ts'
import type { LedgerEntry } from '../../../src/model/ledger.ts'
import type { Migration } from '../../../src/model/types.ts'
import { parsed } from '../support/fixtures.ts'

const outside = (file: string, sql: string): Migration =>
  parsed(file, `-- migrate:up transaction:false\n${sql}\n\n-- migrate:down\n`)

const entry = (file: string): LedgerEntry => ({
  id: '7',
  run: '20261122T185832-7f3a9c',
  version: file.split('_')[0] ?? '',
  file,
  sha256: 'f00',
  actor: 'a@b',
  commit: null,
  dirty: null,
  tool: '0.1.0',
  dbmate: 'dbmate',
  image: 'sha256:1',
  startedAt: new Date(0),
  duration: null,
  direction: 'up',
  outcome: 'running',
  error: null,
})

describe('the index that a file builds concurrently', () => {
  it.each([
    ['create index concurrently i on t (a);', 'i', 't'],
    ['CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);', 'i', 't'],
    ['create index concurrently\n  "My ""Index"""\n  on app.t using gin (a);', '"My ""Index"""', 'app.t'],
    ['create index concurrently i on only "App"."T" (a);', 'i', '"App"."T"'],
    ['-- create index concurrently old on t (a);\ncreate index concurrently i on t (a);', 'i', 't'],
    ['create index concurrently i$1 on t(a);', 'i$1', 't'],
  ])('is found in %j', (sql, name, table) => {
    expect(concurrentIndexOf(outside('1_a.sql', sql))).toMatchObject({ name, table })
  })

  it.each([
    ['create index concurrently i on t (a);', 'btree (a)'],
    ['create unique index concurrently i on t using btree ("B", A)', 'unique btree (B, a)'],
    ['create index concurrently i on t ("A,b", c)', 'btree (A,b, c)'],
    ['create index concurrently i on t (lower(a));', undefined],
    ['create index concurrently i on t (a) where a > 1;', undefined],
    ['create index concurrently i on t (a desc);', undefined],
  ])('is compared by its columns where it is no more than columns: %j', (sql, shape) => {
    expect(concurrentIndexOf(outside('1_a.sql', sql))?.shape).toBe(shape)
  })

  it.each([
    ['create index i on t (a);'],
    ['create index concurrently on t (a);'],
    ['-- create index concurrently i on t (a);'],
    ['drop index concurrently i;'],
    ['vacuum t;'],
  ])('is none in %j', (sql) => {
    expect(concurrentIndexOf(outside('1_a.sql', sql))).toBeUndefined()
  })

  it('is none in a transaction, where Postgres refuses it', () => {
    const sql = '-- migrate:up\ncreate index concurrently i on t (a);\n-- migrate:down\n'
    expect(concurrentIndexOf(parsed('1_a.sql', sql))).toBeUndefined()
  })
})

describe('what dead runs left', () => {
  const build = outside('2_i.sql', 'create index concurrently i on t (a);')
  const generic = outside('3_v.sql', 'vacuum t;')
  const whole = parsed('4_w.sql')
  const evidence: Evidence = {
    files: [parsed('1_a.sql'), build, generic, whole],
    unapplied: [build, generic, whole],
    recorded: new Set(['1']),
    abandoned: [],
    last: new Map(),
    indexes: new Map(),
    versionsTable: '"public"."schema_migrations"',
  }
  const find = (change: Partial<Evidence>) => examine({ ...evidence, ...change })
  const index = (valid: boolean, columns = 'a') =>
    new Map([
      ['i', { reference: 'app.i', valid, definition: `CREATE INDEX i ON app.t USING btree (${columns})` }],
    ])
  const last = (outcome: LedgerEntry['outcome'], direction: LedgerEntry['direction'] = 'up') =>
    new Map([['2', { ...entry('2_i.sql'), outcome, direction }]])

  it('is nothing when no row says running and no index is there', () => {
    expect(find({})).toEqual([])
  })

  it('is a version to record when its index is valid', () => {
    expect(find({ indexes: index(true), last: last('running') })).toEqual([
      {
        kind: 'unrecorded',
        version: '2',
        file: '2_i.sql',
        why: 'the index i is there and valid',
        sql: [`insert into "public"."schema_migrations" (version) values ('2');`],
      },
    ])
  })

  it('is an index to drop, by a name that any session understands, when it is INVALID', () => {
    for (const outcome of ['running', 'failed'] as const)
      expect(find({ indexes: index(false), last: last(outcome) })).toMatchObject([
        { kind: 'unrecorded', why: 'the index i was left INVALID', sql: ['drop index concurrently app.i;'] },
      ])
  })

  it.each<[string, Partial<Evidence>]>([
    ['no attempt is written down', { indexes: index(true) }],
    ['no attempt is written down, though it is INVALID', { indexes: index(false) }],
    ['the last attempt was done', { indexes: index(true), last: last('done') }],
    ['the last attempt was a rollback', { indexes: index(true), last: last('running', 'down') }],
    ['Postgres refused the attempt', { indexes: index(true), last: last('failed') }],
    ['it is on other columns', { indexes: index(true, 'b'), last: last('running') }],
    ['it is partial', { indexes: index(true, 'a) WHERE (a > 1'), last: last('running') }],
  ])('is nothing of an index that is there when %s', (_, change) => {
    expect(find(change)).toEqual([])
  })

  it.each([true, false])(
    'leaves the row of a build alone until its index (valid: %j) is put right',
    (valid) => {
      expect(
        find({ indexes: index(valid), last: last('running'), abandoned: [entry('2_i.sql')] }),
      ).toMatchObject([{ kind: 'unrecorded' }])
    },
  )

  it.each([
    ['in a transaction', '4_w.sql'],
    ['of a concurrent build that left no index', '2_i.sql'],
    ['of a file that is not in this checkout', '9_gone.sql'],
  ])('is undone for the row %s', (_, file) => {
    expect(find({ abandoned: [entry(file)] })).toEqual([{ kind: 'undone', entry: entry(file) }])
  })

  describe('by a rollback', () => {
    const down = (file: string): LedgerEntry => ({ ...entry(file), direction: 'down' })
    const vacuumed = parsed(
      '1_a.sql',
      '-- migrate:up\nselect 1;\n-- migrate:down transaction:false\nvacuum;\n',
    )

    it('is done when the version is not recorded any more, and undone when it is', () => {
      expect(find({ abandoned: [down('4_w.sql')] })).toMatchObject([{ kind: 'done' }])
      expect(find({ abandoned: [down('1_a.sql')] })).toMatchObject([{ kind: 'undone' }])
    })

    it('is unclear outside a transaction; what was done is forgotten, not recorded', () => {
      expect(find({ files: [vacuumed], abandoned: [down('1_a.sql')] })).toMatchObject([
        {
          kind: 'unclear',
          sql: { done: [`delete from "public"."schema_migrations" where version = '1';`, expect.anything()] },
        },
      ])
    })
  })

  it('is done for the row of a version that is recorded', () => {
    expect(find({ abandoned: [entry('1_a.sql')] })).toEqual([{ kind: 'done', entry: entry('1_a.sql') }])
  })

  it('is unclear for any other file outside a transaction, with the statements for both answers', () => {
    expect(find({ abandoned: [entry('3_v.sql')] })).toEqual([
      {
        kind: 'unclear',
        version: '3',
        file: '3_v.sql',
        sql: {
          done: [
            `insert into "public"."schema_migrations" (version) values ('3');`,
            `update po_migrate.ledger set outcome = 'done' where id = 7;`,
          ],
          undone: [`update po_migrate.ledger set outcome = 'failed' where id = 7;`],
        },
      },
    ])
  })
})
