import { describe, expect, it } from 'vitest'
import { docker, eventually } from '../support/engine/docker.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool } from '../support/tool/process.ts'
import {
  makeProject,
  migration,
  type Project,
  type ProjectOptions,
  type Store,
} from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

const postgres = usePostgres()

type Rehearsing = 'off' | 'schema' | 'data'

const project = (
  store: Store,
  { rehearse = 'schema', edit }: { rehearse?: Rehearsing | undefined; edit?: ProjectOptions['edit'] } = {},
): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
    edit: (config) => {
      config.environments.dev.rehearse = rehearse
      edit?.(config)
    },
  })

const rehearsalsOf = (result: ToolResult) =>
  readEvents(result).all.filter((event) => event.event === 'migration.rehearsed')

/** Containers of runs on this database, running or not. */
const containersOf = async (database: string): Promise<string[]> => {
  const format = '{{.Names}} {{.Label "po-migrate.databases"}}'
  const all = await docker(['ps', '--all', '--filter', 'label=po-migrate.run', '--format', format])
  return all.split('\n').filter((line) => line.split(' ').at(-1)?.split(',').includes(database))
}

/** A project whose first file is applied and whose database was then changed by hand. */
const withLive = async (
  database: string,
  { first, live, second, rehearse }: { first: string; live: string; second: string; rehearse?: Rehearsing },
): Promise<Project> => {
  const files = project({ [database]: { '00001_a.sql': migration(first) } }, { rehearse })
  expect(await runIn(files, 'up dev --no-rehearse')).toMatchObject({ exit: 0 })
  if (live) await postgres.psql(database, live)
  files.migrations({ [database]: { '00002_b.sql': second } })
  return files
}

const databaseExists = async (database: string): Promise<boolean> =>
  (await postgres.psql('postgres', `select count(*) from pg_database where datname = '${database}'`)) === '1'

describe('a rehearsal on copies of the schemas', () => {
  it('applies everything to a scratch server first, then for real, and leaves nothing behind', async () => {
    using files = project({
      well: { '00001_a.sql': migration('create table a (id int);') },
      well_too: {
        '00001_a.sql': migration('create table a (id int);'),
        '00002_b.sql': migration(
          'do $$ begin create role rh_reader; end $$; grant select on a to rh_reader;',
        ),
      },
    })
    const planned = await runIn(files, 'plan dev')
    expect(planned.stdout).toMatch(/1 +rehearsal +on a scratch server, on copies of the schemas/)
    const result = await runIn(files, 'up dev --json')
    const { steps, finished } = readEvents(result)
    expect(finished).toMatchObject({ status: 'done', exit: 0 })
    expect(steps[0]).toMatchObject({ kind: 'rehearse', rehearse: 'schema', status: 'done' })
    expect(rehearsalsOf(result)).toMatchObject([
      { database: 'well', migration: '00001_a.sql', status: 'done' },
      { database: 'well_too', migration: '00001_a.sql', status: 'done' },
      { database: 'well_too', migration: '00002_b.sql', status: 'done' },
    ])
    expect(await postgres.versions('well_too')).toBe('00001 00002')
    expect(await containersOf('well')).toEqual([])
    const again = await runIn(files, 'up dev')
    expect(again).toMatchObject({ exit: 0, stdout: expect.stringContaining('nothing to do') })
    expect(again.stderr).not.toContain('rehears')
  })

  it('stops a file that fails only on what is there, with its line, and touches nothing in any database', async () => {
    using files = await withLive('live', {
      first: 'create table things (id int, colour text);',
      live: 'create view by_hand as select colour from things',
      second: migration('select 1;'),
    })
    files.migrations({
      live: {
        '00002_b.sql': migration('create table fine (id int);\nalter table things\n  drop column colour;'),
      },
      another: { '00001_a.sql': migration('create table a (id int);') },
    })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(stderr).toContain('Rehearsal: live: 00002_b.sql failed')
    expect(stderr).toContain(
      'cannot drop column colour of table things because other objects depend on it (2BP01)',
    )
    expect(stderr).toContain('view by_hand depends on column colour')
    expect(stderr).toContain('nothing of dev was touched')
    expect(stderr).toContain('po-migrate up dev --no-rehearse')
    expect(stderr).toContain('→ correct live/00002_b.sql, then: po-migrate up dev')
    expect(exit).toBe(1)
    const { finished } = readEvents(await runIn(files, 'up dev --json'))
    expect(finished).toMatchObject({ status: 'failed', exit: 1, error: { touched: false } })
    expect(await postgres.versions('live')).toBe('00001')
    expect(await postgres.psql('live', 'select count(*) from po_migrate.ledger')).toBe('1')
    expect(await databaseExists('another')).toBe(false)
    expect(await containersOf('live')).toEqual([])
  })

  it('tries a file on one database of a fleet for each schema that there is among them', async () => {
    const names = ['alike_1', 'alike_2', 'alike_3', 'alike_4']
    using files = project(
      { tenant: { '00001_a.sql': migration('create table a (id int, name text);') } },
      {
        edit: (config) => {
          const from = { list: names }
          config.databases = { tenants: { directory: 'migrations/tenant', from, create: true } }
        },
      },
    )
    expect(await runIn(files, 'up dev --no-rehearse')).toMatchObject({ exit: 0 })
    files.migrations({ tenant: { '00002_b.sql': migration('alter table a add b int;') } })
    expect(rehearsalsOf(await runIn(files, 'up dev --json')).map(({ database }) => database)).toEqual([
      'alike_1',
    ])
    await postgres.psql('alike_3', 'create view by_hand as select name from a')
    files.migrations({ tenant: { '00003_c.sql': migration('alter table a drop column name;') } })
    const result = await runIn(files, 'up dev --json')
    expect(rehearsalsOf(result).map(({ database, status }) => `${database} ${status}`)).toEqual([
      'alike_1 done',
      'alike_3 failed',
    ])
    expect(result.exit).toBe(1)
    for (const name of names) expect(await postgres.versions(name)).toBe('00001 00002')
  })

  it('knows the line of an error, the roles of the server, and tells of every database that failed', async () => {
    await postgres.psql('postgres', "create role rh_there login password 'x' in role pg_monitor")
    using files = project({
      role_there: {
        '00001_a.sql': migration('create table a (id int);\ndo $$ begin create role rh_there; end $$;'),
      },
      wrong: { '00001_a.sql': migration('create table a (id int);\nselect colour from a;') },
    })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(stderr).toContain('2 databases failed in the rehearsal.')
    expect(stderr).toContain('role "rh_there" already exists (42710)')
    expect(stderr).toContain('wrong: 00001_a.sql failed at line 3: column "colour" does not exist (42703)')
    expect(exit).toBe(1)
    expect(await databaseExists('wrong')).toBe(false)
    expect(await databaseExists('role_there')).toBe(false)
  })

  it('copies extensions, settings, grants, views with rows to come, triggers and publications', async () => {
    using files = await withLive('rich', {
      first: 'create table things (id int primary key, kind text);',
      live: `create extension vector; create schema "Odd one"; create role rh_owner_of_things;
        create materialized view "Odd one".seen as select id from things; create unique index on "Odd one".seen (id);
        create function noted() returns event_trigger language plpgsql as $$ begin raise exception 'not now'; end $$;
        create event trigger noted on ddl_command_start when tag in ('CREATE SEQUENCE') execute function noted();
        create publication p for table things; alter table things owner to rh_owner_of_things;
        alter database rich set search_path = 'Odd one', public; alter database rich set statement_timeout = '20s'`,
      second: migration(
        'alter table things add at vector(3); refresh materialized view concurrently "Odd one".seen;',
      ),
    })
    expect(await runIn(files, 'up dev')).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('rehearse'),
    })
    files.migrations({ rich: { '00003_c.sql': migration('create sequence s;') } })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(stderr).toContain('Rehearsal: rich: 00003_c.sql failed: not now')
    expect(exit).toBe(1)
  })

  it('leaves out a file that needs the data, with what follows it, and says so', async () => {
    const store = {
      needy: {
        '00001_a.sql': migration('create table a (id int);'),
        '00002_b.sql': `-- po-migrate:needs-data reads the first row\n${migration('insert into a values (1);')}`,
        '00003_c.sql': migration('create table c (id int);'),
      },
    }
    using files = project(store)
    const result = await runIn(files, 'up dev --json')
    expect(rehearsalsOf(result)).toMatchObject([
      { migration: '00002_b.sql', status: 'skipped', reason: 'needs the data: reads the first row' },
      {
        migration: '00003_c.sql',
        status: 'skipped',
        reason: 'follows 00002_b.sql, which needs the data: reads the first row',
      },
      { migration: '00001_a.sql', status: 'done' },
    ])
    expect(result.exit).toBe(0)
    expect(await postgres.versions('needy')).toBe('00001 00002 00003')
  })

  it('has the rights of whoever migrates, also where a database bears the name of its user', async () => {
    await postgres.psql('postgres', "create role rh_app login createdb password 'postgres'")
    using files = project(
      { rh_app: { '00001_a.sql': migration('create table a (id int);') } },
      {
        edit: ({ environments: { dev } }) => {
          dev.user = 'rh_app'
        },
      },
    )
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    files.migrations({ rh_app: { '00002_b.sql': migration('do $$ begin create role rh_more; end $$;') } })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(stderr).toContain(
      'Rehearsal: rh_app: 00002_b.sql failed: permission denied to create role (42501)',
    )
    expect(exit).toBe(1)
    await postgres.psql('postgres', 'alter role rh_app superuser')
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })
})

describe('a rehearsal with the data', () => {
  it('finds rows that break a constraint, which the schema alone does not have', async () => {
    using files = await withLive('nulls', {
      first: 'create table things (id int, colour text); insert into things values (1, null);',
      live: '',
      second: migration('alter table things alter colour set not null;'),
    })
    const { exit, stderr } = await runIn(files, 'up dev --rehearse data')
    expect(stderr).toContain('Rehearsal: nulls: 00002_b.sql failed')
    expect(stderr).toContain('column "colour" of relation "things" contains null values (23502)')
    expect(exit).toBe(1)
    expect(await postgres.psql('nulls', 'select count(*) from po_migrate.ledger')).toBe('1')
    expect(await runIn(files, 'up dev')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('✔ rehearse'),
    })
    expect(await postgres.psql('nulls', 'select count(*) from po_migrate.ledger')).toBe('2')
  })

  it('tells time, rows, log, rewritten tables and locks of each file', async () => {
    using files = await withLive('measured', {
      first:
        'create table things (id int primary key, size int); create table others (id int); insert into others values (1);',
      live: 'insert into things select g, g from generate_series(1, 500) g',
      second: migration(
        'alter table things alter size type bigint;\nupdate others set id = 2;\ncreate table made (id int);',
      ),
    })
    files.migrations({
      measured: {
        '00003_c.sql': `-- po-migrate:needs-data it counts\n${migration('insert into made select id from things;')}`,
      },
    })
    const result = await runIn(files, 'up dev --rehearse data --json')
    expect(result.exit).toBe(0)
    const [changed, filled] = rehearsalsOf(result)
    expect(changed).toMatchObject({
      ...{ migration: '00002_b.sql', status: 'done', rows: 1, rewritten: ['public.things'] },
      locks: [
        { relation: 'public.others', modes: ['RowExclusiveLock'] },
        { relation: 'public.things', modes: expect.arrayContaining(['AccessExclusiveLock']) },
      ],
    })
    expect(changed?.wal).toBeGreaterThan(0)
    expect(filled).toMatchObject({ migration: '00003_c.sql', status: 'done', rows: 500, rewritten: [] })
    expect(filled?.locks).toContainEqual({ relation: 'public.made', modes: ['RowExclusiveLock'] })
    expect(
      await postgres.psql('measured', "select count(*) from pg_namespace where nspname like 'po_migrate_%'"),
    ).toBe('0')
  })
})

describe('whether there is a rehearsal', () => {
  it('is by default where a confirmation is asked for, and not with --no-rehearse', async () => {
    using files = project(
      { asked: { '00001_a.sql': migration('create table a (id int);') } },
      {
        edit: ({ environments: { dev } }) => {
          delete dev.rehearse
          dev.confirm = true
        },
      },
    )
    expect((await runIn(files, 'plan dev')).stdout).toContain('rehearsal')
    expect((await runIn(files, 'plan dev --no-rehearse')).stdout).not.toContain('rehearsal')
    const refused = await runIn(files, 'up dev --rehearse data')
    expect(refused).toMatchObject({ exit: 4, stdout: expect.stringContaining('with their data') })
    expect(refused.stderr).toContain('→ po-migrate up dev --rehearse data --confirm yes')
    const { steps } = readEvents(await runIn(files, 'up dev --no-rehearse --confirm yes --json'))
    expect(steps.map(({ kind }) => kind)).toEqual(['create-database', 'apply-migration'])
  })

  it('is none by default on a machine of one environment', async () => {
    using files = project(
      { lone: { '00001_a.sql': migration('create table a (id int);') } },
      {
        edit: ({ environments: { dev } }) => {
          delete dev.rehearse
        },
      },
    )
    expect((await runIn(files, 'plan dev')).stdout).not.toContain('rehearsal')
  })

  it('takes schema or data, and nothing else', async () => {
    using files = project({ words: { '00001_a.sql': migration('select 1;') } })
    const wrong = await runIn(files, 'up dev --rehearse all')
    expect(wrong).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('--rehearse takes schema or data.'),
    })
  })

  it('is a line where the image is not there, and refused where it was asked for', async () => {
    using files = project(
      { imageless: { '00001_a.sql': migration('create table a (id int);') } },
      {
        edit: ({ environments: { dev } }) => {
          dev.server = {
            host: postgres.address,
            port: 5432,
            tls: { mode: 'disable' },
            image: 'pmt/no-such:1',
          }
        },
      },
    )
    const asked = await runIn(files, 'up dev --rehearse schema')
    expect(asked.stderr).toContain('dev cannot be rehearsed: the image pmt/no-such:1 is not on this machine.')
    expect(asked.stderr).toContain('docker pull pmt/no-such:1')
    expect(asked.exit).toBe(4)
    expect(await databaseExists('imageless')).toBe(false)
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(stderr).toContain('dev is not rehearsed: the image pmt/no-such:1 is not on this machine')
    expect(exit).toBe(0)
  })
})

/** Its file takes long on the scratch server. */
const slow = (database: string): Project =>
  project({ [database]: { '00001_a.sql': migration('select pg_sleep(60);') } })

const untilAsleep = (database: string): Promise<unknown> =>
  eventually('the file to run on the scratch server', async () => {
    const [scratch = ''] = (await containersOf(database)).filter((line) => line.includes('-scratch '))
    const [name] = scratch.split(' ')
    if (!name) return undefined
    const sql = "select 1 from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()"
    return docker(['exec', name, 'psql', '-U', 'postgres', '-h', '127.0.0.1', '-XAtqc', sql]).catch(
      () => undefined,
    )
  })

describe('a rehearsal that is broken off', () => {
  it('ends at the first signal, has touched nothing and leaves nothing', async () => {
    using files = slow('halted')
    const interrupt = new AbortController()
    const running = runIn(files, 'up dev --json', { interrupt: interrupt.signal })
    await untilAsleep('halted')
    interrupt.abort('SIGINT')
    const { finished } = readEvents(await running)
    expect(finished).toMatchObject({ status: 'interrupted', exit: 130, error: { touched: false } })
    expect(await containersOf('halted')).toEqual([])
    expect(await databaseExists('halted')).toBe(false)
  })

  it('leaves nothing after the next run when it was killed', async () => {
    using files = slow('killed')
    const running = startTool(['up', 'dev'], { cwd: files.directory })
    await untilAsleep('killed')
    running.child.kill('SIGKILL')
    await running.ended
    files.migrations({ killed: { '00001_a.sql': migration('create table a (id int);') } })
    const { exit, stderr } = await runIn(files, 'up dev --no-rehearse')
    expect(stderr).toMatch(/removed po-migrate-\S+-scratch, which a run that died had left/)
    expect(exit).toBe(0)
    expect(await containersOf('killed')).toEqual([])
    expect(await postgres.versions('killed')).toBe('00001')
  })
})
