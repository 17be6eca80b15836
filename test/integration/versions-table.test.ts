import { beforeAll, describe, expect, it } from 'vitest'
import { statusDocument } from '../../src/report/documents.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import {
  makeProject,
  migration,
  type Project,
  type ProjectOptions,
  type Store,
} from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (store: Store, edit?: ProjectOptions['edit']): Project =>
  makeProject({ network: postgres.network, store, ...(edit && { edit }) })

/** `schema.table` of every table of versions in a database. */
const tablesOf = (database: string, table = 'schema_migrations'): Promise<string> =>
  postgres.psql(
    database,
    `select string_agg(schemaname || '.' || tablename, ' ' order by 1) from pg_tables where tablename = '${table}'`,
  )

const nothing = (applied: number): string =>
  `dev: nothing to do, ${applied} migration${applied === 1 ? '' : 's'} applied in 1 database.\n`

const lamps = migration('create table public.lamps (id int);', 'drop table public.lamps;')

describe('the table of versions stays where it is when a file', () => {
  const setDatabase = (path: string): string =>
    `create schema desk; do $$ begin execute format('alter database %I ${path}', current_database()); end $$;`
  it.each<[string, string, string]>([
    [
      'changes the search_path of its transaction',
      'local',
      'create schema desk; set local search_path = desk;',
    ],
    ['empties the search_path of its transaction', 'nowhere', "set local search_path = '';"],
    ['leaves the session with an empty search_path', 'empty', "set search_path = '';"],
    ['leaves the session in a schema of its own', 'own', 'create schema desk; set search_path = desk;'],
    ['changes the search_path of the database', 'whole', setDatabase('set search_path = desk, public')],
    ['empties the search_path of the database', 'none', setDatabase("set search_path = ''''")],
    [
      'makes a schema named like the user',
      'user',
      'create schema postgres; create table postgres.notes (id int);',
    ],
    [
      'makes a table of that name elsewhere',
      'other',
      'create schema desk; create table desk.schema_migrations (version bigint);',
    ],
  ])('%s', async (_, short, sql) => {
    const name = `moves_${short}`
    using files = project({ [name]: { '00001_path.sql': migration(sql), '00002_next.sql': lamps } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions(name, 'public.schema_migrations')).toBe('00001 00002')
    if (short !== 'other') expect(await tablesOf(name)).toBe('public.schema_migrations')
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0, stdout: nothing(2) })
    files.migrations({
      [name]: {
        '00003_later.sql': migration('create table public.shades (id int);', 'drop table public.shades;'),
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions(name, 'public.schema_migrations')).toBe('00001 00002 00003')
    expect(await runIn(files, `rollback dev --db ${name}`)).toMatchObject({ exit: 0 })
    expect(await postgres.versions(name, 'public.schema_migrations')).toBe('00001 00002')
  })

  it('in a database that sends new sessions elsewhere before its first file', async () => {
    await postgres.psql('postgres', 'create database sent')
    await postgres.psql('sent', 'create schema desk')
    await postgres.psql('sent', 'alter database sent set search_path = desk, public')
    using files = project({
      sent: {
        '00001_back.sql': migration("do $$ begin execute 'alter database sent reset search_path'; end $$;"),
        '00002_next.sql': lamps,
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await tablesOf('sent')).toBe('desk.schema_migrations')
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0, stdout: nothing(2) })
  })
})

describe('the table of versions is found', () => {
  const own = (schema: string, version = '00001', table = 'schema_migrations'): string =>
    `create schema if not exists ${schema}; create table ${schema}.${table} (version varchar(255) primary key);
     insert into ${schema}.${table} values ('${version}'); create table if not exists ${schema}.lamps (id int)`
  const make = async (name: string, ...statements: string[]): Promise<void> => {
    await postgres.psql('postgres', `create database ${name}`)
    for (const sql of statements) await postgres.psql(name, sql)
  }

  it('in the one schema that has it, when dbmate would look elsewhere', async () => {
    await make('found_one', own('desk'))
    using files = project({ found_one: { '00001_a.sql': migration('select 1;') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0, stdout: nothing(1) })
    expect(await tablesOf('found_one')).toBe('desk.schema_migrations')
  })

  it('under its configured name, in whichever schema', async () => {
    await make('found_name', own('desk', '00001', 'versions'))
    using files = project({ found_name: { '00001_a.sql': migration('select 1;') } }, (config) => {
      config.databases = { found_name: { migrations_table: 'versions' } }
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0, stdout: nothing(1) })
  })

  it('where dbmate finds it, though another schema has one too', async () => {
    await make('found_both', own('public'), own('desk', '00009'))
    using files = project({ found_both: { '00001_a.sql': migration('select 1;') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0, stdout: nothing(1) })
  })

  it('nowhere, when two schemas have one and dbmate would look in a third: both are named', async () => {
    await make('found_two', own('desk'), own('lab'))
    const store = { found_two: { '00001_a.sql': migration('select 1;') } }
    using files = project(store)
    for (const command of ['up dev', 'plan dev', 'status dev']) {
      const { exit, stdout, stderr } = await runIn(files, command)
      expect(exit).toBe(4)
      expect(stdout + stderr).toContain(
        'found_two: 2 tables may hold the versions: desk.schema_migrations, lab.schema_migrations.',
      )
      expect(stdout + stderr).toContain(
        'databases: { found_two: { migrations_table: desk.schema_migrations } }',
      )
    }
    using told = project(store, (config) => {
      config.databases = { found_two: { migrations_table: 'lab.schema_migrations' } }
    })
    expect(await runIn(told, 'up dev')).toMatchObject({ exit: 0, stdout: nothing(1) })
  })

  it('in the schema that is named like the user, from the first file on', async () => {
    await make('found_user', 'create schema postgres')
    using files = project({
      found_user: { '00001_a.sql': lamps, '00002_b.sql': migration('drop schema if exists extra;') },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await tablesOf('found_user')).toBe('postgres.schema_migrations')
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0, stdout: nothing(2) })
  })

  it('in a schema whose name keeps its case, also for a rollback', async () => {
    await make(
      'found_case',
      'create schema "Desk"',
      'alter database found_case set search_path = "Desk", public',
    )
    using files = project({ found_case: { '00001_a.sql': lamps } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await tablesOf('found_case')).toBe('Desk.schema_migrations')
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0, stdout: nothing(1) })
    expect(await runIn(files, 'rollback dev --db found_case')).toMatchObject({ exit: 0 })
  })

  it('nowhere in a schema with a dot, which dbmate cannot name', async () => {
    await make(
      'found_dot',
      'create schema "desk.old"',
      'alter database found_dot set search_path = "desk.old"',
    )
    using files = project({ found_dot: { '00001_a.sql': lamps } })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(4)
    expect(stderr).toContain('dbmate cannot name a table in the schema "desk.old"')
    expect(await tablesOf('found_dot')).toBe('')
  })
})

describe('a table of that name that is not dbmate’s', () => {
  it.each<[string, string, string]>([
    [
      'a number for its version',
      'bigint',
      'create table schema_migrations (version bigint primary key, dirty boolean)',
    ],
    ['no version', 'none', 'create table schema_migrations (id int)'],
    ['no rows of its own', 'view', "create view schema_migrations as select '1'::text as version"],
  ])('with %s is refused by name, and the other database is shown', async (_, short, sql) => {
    const name = `foreign_${short}`
    await postgres.psql('postgres', `create database ${name}`)
    await postgres.psql(name, sql)
    using files = project({ [name]: { '00001_a.sql': lamps }, [`${name}_beside`]: { '00001_a.sql': lamps } })
    const words = `${name}: public.schema_migrations is not dbmate's table of versions`
    const shown = await runIn(files, 'status dev')
    expect(shown).toMatchObject({ exit: 4, stdout: expect.stringContaining(words) })
    expect(shown.stdout).toContain(`${name}_beside  does not exist yet`)
    const planned = await runIn(files, 'plan dev')
    expect(planned).toMatchObject({ exit: 4, stderr: expect.stringContaining(words) })
    expect(planned.stdout).toContain(`${name}_beside`)
    const { exit, stdout } = await runIn(files, 'status dev --json')
    const [dev] = statusDocument.parse(JSON.parse(stdout)).environments
    expect(exit).toBe(4)
    expect(dev?.databases.map(({ database, error }) => [database, error?.message.startsWith(words)])).toEqual(
      [
        [name, true],
        [`${name}_beside`, undefined],
      ],
    )
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 4, stderr: expect.stringContaining(words) })
    expect(await runIn(files, `up dev --db ${name}_beside`)).toMatchObject({ exit: 0 })
    expect(await runIn(files, 'doctor dev')).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining(words),
    })
  })

  it('is refused where the config says that the versions are, too', async () => {
    await postgres.psql('postgres', 'create database foreign_told')
    await postgres.psql('foreign_told', 'create table marks (version int)')
    using files = project({ foreign_told: { '00001_a.sql': lamps } }, (config) => {
      config.databases = { foreign_told: { migrations_table: 'public.marks' } }
    })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(4)
    expect(stderr).toContain(
      'foreign_told: public.marks is not dbmate\'s table of versions: it has a column "version" of type integer.',
    )
  })
})

describe('tables without a table of versions', () => {
  it('are named by their schemas, and the config is offered before a wipe', async () => {
    await postgres.psql('postgres', 'create database lost')
    await postgres.psql('lost', 'create schema desk create table users (id int)')
    using files = project({ lost: { '00001_a.sql': lamps }, lost_beside: { '00001_a.sql': lamps } })
    const { exit, stdout, stderr } = await runIn(files, 'plan dev')
    expect(exit).toBe(4)
    expect(stdout).toContain('lost_beside')
    expect(stderr).toMatch(
      /It has 1 table in desk\.\n[\s\S]*Looked for public\.schema_migrations, then in every schema/,
    )
    expect(stderr).toMatch(
      /→ write into the config: databases: \{ lost: [\s\S]*→ ALTER DATABASE "lost" RENAME/,
    )
    expect(stderr).not.toContain('po-migrate cutover')
  })
})

describe('a role', () => {
  beforeAll(async () => {
    await postgres.psql('postgres', 'create role desk_owner')
  })
  const made = 'create table lamps (id int);'
  const inOwn = (before: string, after = ''): string =>
    `create schema desk authorization desk_owner; set local search_path = desk; ${before} ${made} ${after}`

  it.each(['set role none;', 'reset role;', 'set session authorization default;'])(
    'that %s puts back passes lint and runs',
    async (after) => {
      const name = `role_${after.replaceAll(/\W+/g, '_')}back`
      using files = project({ [name]: { '00001_a.sql': migration(inOwn('set role desk_owner;', after)) } })
      expect(await runIn(files, 'lint')).toMatchObject({ exit: 0 })
      expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
      expect(await postgres.versions(name, 'public.schema_migrations')).toBe('00001')
    },
  )

  it.each(['set role desk_owner;', 'set local role desk_owner;', 'set session authorization desk_owner;'])(
    'is found when %s lasts until dbmate records the version, also behind RESET ALL; ignored, the file fails',
    async (before) => {
      const name = `role_${before.replaceAll(/\W+/g, '_')}left`
      const sql = inOwn(before, 'reset all;')
      using files = project({ [name]: { '00001_a.sql': migration(sql) } })
      expect(await runIn(files, 'up dev')).toMatchObject({
        exit: 2,
        stderr: expect.stringContaining('dbmate records the version'),
      })
      const ignored = `-- po-migrate:ignore leaked-role to see it fail\n${migration(sql)}`
      files.migrations({ [name]: { '00001_a.sql': ignored } })
      expect(await runIn(files, 'up dev')).toMatchObject({
        exit: 1,
        stderr: expect.stringContaining('42501'),
      })
    },
  )
})

describe('a file that writes the table of versions', () => {
  const writes = "insert into schema_migrations (version) values ('00002');"
  const ignored = `-- po-migrate:ignore writes-versions to see it\n${writes}`
  const hidden = "do $$ begin execute 'insert into schema_' || 'migrations values (''00002'')'; end $$;"

  it('is an error of lint, and nothing runs', async () => {
    using files = project({ writes_lint: { '00001_a.sql': migration(writes), '00002_b.sql': lamps } })
    expect(await runIn(files, 'lint')).toMatchObject({
      exit: 2,
      stdout: expect.stringContaining('(writes-versions)'),
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 2 })
  })

  it.each([
    ['ignored', ignored],
    ['hidden', hidden],
  ])('stops the run before the file that it calls applied: %s', async (short, sql) => {
    const name = `writes_${short}`
    using files = project({ [name]: { '00001_a.sql': migration(sql), '00002_b.sql': lamps } })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain(`${name}: public.schema_migrations changed under this run: 00002 came.`)
    expect(stderr).toContain('00001 stays applied')
    expect(stderr).toContain('delete from "public"."schema_migrations" where version = ')
    expect(await postgres.psql(name, "select to_regclass('public.lamps')")).toBe('')
  })

  const throughView = (database: string, version: string): Project =>
    project({
      [database]: {
        '00001_a.sql': migration('create view public.told as select version from schema_migrations;'),
        '00002_b.sql': migration(`insert into told values ('${version}');`),
        '00003_c.sql': lamps,
      },
    })
  const outcomes = "select string_agg(version || ' ' || outcome, ', ' order by id) from po_migrate.ledger"

  it('through a view: the file behind it that shares its call is told as it ended, and not as applied', async () => {
    using files = throughView('writes_view', '00003')
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain('00003_c.sql failed: duplicate key')
    expect(stderr).toContain('writes_view: public.schema_migrations changed under this run: 00003 came.')
    expect(stderr).toContain('00001, 00002 stay applied')
    expect(await postgres.psql('writes_view', outcomes)).toBe('00001 done, 00002 done, 00003 failed')
    expect(await postgres.psql('writes_view', "select to_regclass('public.lamps')")).toBe('')
  })

  it('is told where it is the last one of the run, too', async () => {
    const text = "insert into public.schema_' || 'migrations values (''00009'')"
    using files = project({
      writes_last: {
        '00001_a.sql': migration(`do $$ begin execute '${text}'; end $$;`),
      },
    })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain('writes_last: public.schema_migrations changed under this run: 00009 came.')
    expect(stderr).toContain('00001 stays applied')
    expect(await postgres.psql('writes_last', 'select outcome from po_migrate.ledger')).toBe('done')
  })

  it('through a view, of files that share a call: told behind the last, and all of them stay', async () => {
    using files = throughView('writes_shared', '00009')
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain('writes_shared: public.schema_migrations changed under this run: 00009 came.')
    expect(stderr).toContain('00001, 00002, 00003 stay applied')
    expect(stderr).not.toContain('not started')
    expect(await postgres.psql('writes_shared', outcomes)).toBe('00001 done, 00002 done, 00003 done')
  })

  it('stops the run before the next file when it forgets another', async () => {
    const text = "delete from public.schema_' || 'migrations where version = ''00001''"
    using files = project({
      writes_forgets: {
        '00001_a.sql': migration('select 1;'),
        '00002_b.sql': migration(`do $$ begin execute '${text}'; end $$;`),
        '00003_c.sql': lamps,
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining(
        'writes_forgets: public.schema_migrations changed under this run: 00001 went.',
      ),
    })
  })

  it('is found in a table of another name and place, where the config says so', async () => {
    const sql = "insert into meta.versions values ('00009'); insert into schema_migrations values (1);"
    using files = project({ writes_named: { '00001_a.sql': migration(sql) } }, (config) => {
      config.databases = { writes_named: { migrations_table: 'meta.versions' } }
    })
    const { exit, stdout } = await runIn(files, 'lint')
    expect(exit).toBe(2)
    expect(stdout).toContain('INSERT of versions')
    expect(stdout).not.toContain('INSERT of schema_migrations')
  })
})
