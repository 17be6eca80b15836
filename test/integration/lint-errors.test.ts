import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorRules } from '../../src/lint/rules/errors.ts'
import { leakedSearchPath } from '../../src/lint/rules/warnings/leaked-search-path.ts'
import { addsValue, enumWorld, notUsingValue, usingValue } from '../support/lint/enum-cases.ts'
import { type Lint, openLint } from '../support/lint/linted.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

/** What the errors say, and what they let pass, asked of a real Postgres 17 and a real dbmate. */
let postgres: TestPostgres
let lint: Lint
beforeAll(async () => {
  ;[postgres, lint] = await Promise.all([startPostgres(), openLint()])
  await postgres.psql(
    'postgres',
    'create role desk_owner; create role "NONE"; create schema postgres; grant create on schema public to desk_owner',
  )
})
afterAll(() => postgres[Symbol.asyncDispose]())

const project = (store: Store): Project => makeProject({ network: postgres.network, store })
const outside = (up: string, down = ''): string =>
  `-- migrate:up transaction:false\n${up}\n-- migrate:down transaction:false\n${down}\n`
const tables = (database: string): Promise<string> =>
  postgres.psql(
    database,
    "select coalesce(string_agg(relname, ' ' order by relname), '') from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'schema_migrations'",
  )

describe('BEGIN … COMMIT as the whole of a section under transaction:false', () => {
  it('is applied, recorded and rolled back as it stands', async () => {
    const up = 'BEGIN;\nCREATE TABLE lamps (id bigint);\nCREATE TABLE shades (id bigint);\nCOMMIT;'
    using files = project({
      own: { '00001_a.sql': outside(up, 'BEGIN;\nDROP TABLE shades;\nDROP TABLE lamps;\nCOMMIT;') },
    })
    expect(await runIn(files, 'lint')).toMatchObject({
      exit: 0,
      stdout: 'lint: 1 file, nothing to complain about\n',
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect([await tables('own'), await postgres.versions('own')]).toEqual(['lamps shades', '00001'])
    expect(await runIn(files, 'rollback dev --db own')).toMatchObject({ exit: 0 })
    expect([await tables('own'), await postgres.versions('own')]).toEqual(['', ''])
  })

  it('leaves nothing when it fails', async () => {
    using files = project({
      fails: { '00001_a.sql': outside('BEGIN;\nCREATE TABLE lamps ();\nSELECT 1/0;\nCOMMIT;') },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('division by zero'),
    })
    expect([await tables('fails'), await postgres.versions('fails')]).toEqual(['', ''])
  })

  it('may set a role for its own length', async () => {
    const up = 'BEGIN;\nSET LOCAL ROLE desk_owner;\nCREATE TABLE lamps ();\nCOMMIT;'
    using files = project({ role: { '00001_a.sql': outside(up) } })
    await postgres.psql('postgres', 'create database role')
    await postgres.psql('role', 'grant create on schema public to desk_owner')
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.psql('role', "select tableowner from pg_tables where tablename = 'lamps'")).toBe(
      'desk_owner',
    )
  })

  it('is a transaction all the same, in which an index is not built concurrently', async () => {
    const up = 'BEGIN; CREATE INDEX CONCURRENTLY i ON pg_class (oid); COMMIT;'
    await expect(postgres.psql('postgres', up)).rejects.toThrow('cannot run inside a transaction block')
    expect(lint.find(outside(up), errorRules)).toEqual(['not-in-transaction:2'])
  })
})

describe('what a session has when dbmate records the version, and behind it', () => {
  it.each([
    'set role desk_owner; set role none',
    "set role desk_owner; set role 'none'",
    'set role desk_owner; set role "NONE"',
    'set role desk_owner; reset role',
    'set role desk_owner; reset all',
    'set role desk_owner; reset session authorization',
    'set role desk_owner; set session authorization default',
    'set session authorization desk_owner; reset session authorization',
    'set session authorization desk_owner; reset role',
    'set session authorization desk_owner; set role none',
    'set session authorization desk_owner; reset all',
    'set local role desk_owner',
    'set local role desk_owner; set local role none',
    'set local role desk_owner; reset role',
    'set role desk_owner; set local role none',
    "set role desk_owner; select set_config('role', 'none', false)",
    "set role desk_owner; select set_config('role', 'NONE', false)",
    "set role desk_owner; select set_config('ROLE', 'none', false)",
    'set session_replication_role = replica; reset all',
    'set session_replication_role = replica; set session_replication_role = ORIGIN',
    'set session_replication_role = replica',
    'set search_path = desk; reset all',
    'set search_path = desk; set search_path to default',
    'set search_path = desk; set search_path = "$user", public',
    `set search_path = desk; set search_path = '$user', PUBLIC`,
    'set search_path = desk; set search_path = "$USER", public',
    `set search_path = desk; set search_path = '"$user", public'`,
    `set search_path = desk; select set_config('search_path', '"$user",PUBLIC', false)`,
    `set search_path = desk; select set_config('search_path', '"$user","PUBLIC"', false)`,
    'set search_path = desk; set local search_path = public',
    "set search_path = ''",
  ])('is as it was exactly where lint is silent: %s', async (sql) => {
    const usual =
      "current_user, session_user, current_setting('session_replication_role'), current_schemas(false)"
    const answer = await postgres.psql(
      'postgres',
      `create temp table seen as select array[${usual}::text] as was;
       grant select on seen to desk_owner, "NONE";
       begin; ${sql}; select 'now ' || (was = array[${usual}::text])::text from pg_temp.seen; commit;
       select 'then ' || (was = array[${usual}::text])::text from pg_temp.seen`,
    )
    const isAsItWas = answer.includes('now true') && answer.includes('then true')
    expect(lint.find(migration(`${sql};`), [...errorRules, leakedSearchPath]).length === 0).toBe(isAsItWas)
  })

  it('is found by lint before dbmate fails on it', async () => {
    const up = 'SET ROLE desk_owner;\nCREATE TEMP TABLE lamps ();\nRESET ALL;'
    using files = project({ reset: { '00001_a.sql': migration(up) } })
    expect(await runIn(files, 'up dev')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('00001_a.sql:2'),
    })
    files.migrations({
      reset: { '00001_a.sql': `-- po-migrate:ignore leaked-role to see it\n${migration(up)}` },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 1, stderr: expect.stringContaining('42501') })
  })
})

describe('a statement about a role that may run again', () => {
  it('runs once for each environment, and is a warning', async () => {
    const up =
      "COMMENT ON ROLE desk_owner IS 'sells lamps';\nALTER ROLE desk_owner NOINHERIT;\nALTER ROLE desk_owner SET work_mem = '8MB';"
    using files = project({
      again_a: { '00001_a.sql': migration(up) },
      again_b: { '00001_a.sql': migration(up) },
    })
    expect(await runIn(files, 'lint')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('cluster-wide'),
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })
})

describe('a value that the same transaction added to an enum', () => {
  const run = (sql: string): Promise<string> => postgres.psql('enums', `begin; ${addsValue} ${sql}; rollback`)

  beforeAll(async () => {
    await postgres.psql('postgres', 'create database enums')
    await postgres.psql('enums', enumWorld)
  })

  it.each(usingValue)('is refused by Postgres: %s', async (sql) => {
    await expect(run(sql)).rejects.toThrow('unsafe use of new value "on" of enum type lamp_state')
  })

  it.each(notUsingValue)('is another word to Postgres: %s', async (sql) => {
    await expect(run(sql)).resolves.toEqual(expect.any(String))
  })

  it('is judged by the columns that the server has', async () => {
    const store = { enum_up: { '00001_a.sql': migration(enumWorld) } }
    using files = project(store)
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const add = (sql: string) =>
      files.migrations({ enum_up: { '00002_b.sql': migration(`${addsValue}\n${sql};`) } })
    add("UPDATE lamps SET states = '{on}'")
    expect(await runIn(files, 'up dev')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("lamp_state: 'on'"),
    })
    add("UPDATE lamps SET note = 'on', notes = '{on}'")
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })
})
