import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planDocument } from '../../src/report/run-documents.ts'
import { eventually } from '../support/engine/docker.ts'
import { startDockerProxy } from '../support/engine/docker-proxy.ts'
import { dbmate } from '../support/postgres/dbmate.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import {
  makeProject,
  migration,
  type Project,
  type ProjectOptions,
  type Store,
} from '../support/tool/project.ts'
import { runTool, type ToolOptions, type ToolResult } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (store: Store, edit?: ProjectOptions['edit']): Project =>
  makeProject({ network: postgres.network, store, ...(edit && { edit }) })

type RunIn = (args: string, options?: Omit<ToolOptions, 'cwd'>) => Promise<ToolResult>
const runIn =
  ({ directory }: Project): RunIn =>
  (args, options = {}) =>
    runTool(args.split(' '), { cwd: directory, ...options })

const databases = async (): Promise<string[]> =>
  (await postgres.psql('postgres', 'select datname from pg_database')).split('\n')

const createdContainers = (requests: readonly string[]): string[] =>
  requests.filter((request) => request === 'POST /containers/create')

describe('up', () => {
  it('creates the databases and applies every file in order', async () => {
    using files = project({
      shop: {
        '00002_b.sql': migration('insert into a values (1);'),
        '00001_a.sql': migration('create table a (id int);'),
      },
      crm: { '00001_a.sql': migration('create table c (id int);') },
    })
    const first = await runIn(files)('up dev')
    expect(first).toMatchObject({ exit: 0, stderr: expect.stringContaining('shop') })
    expect(first.stdout).toMatch(
      /^dev: 3 migrations applied in .*\.\n {2}crm {3}1 migration {3}00001\n {2}shop {2}2 migrations {2}00001 to 00002\n$/,
    )
    expect(await postgres.psql('shop', 'select count(*) from a')).toBe('1')
    expect(await postgres.versions('shop')).toBe('00001 00002')
    expect(await postgres.versions('crm')).toBe('00001')
  })

  it('has nothing to do the second time, and starts no container for that', async () => {
    using files = project({ twice: { '00001_a.sql': migration('create table a (id int);') } })
    await using proxy = await startDockerProxy()
    const up = runIn(files)
    expect(await up('up dev', { env: proxy.env })).toMatchObject({ exit: 0 })
    expect(createdContainers(proxy.requests())).toHaveLength(1)
    const second = await up('up dev', { env: proxy.env })
    expect(second).toMatchObject({
      exit: 0,
      stdout: 'dev: nothing to do, 1 migration applied in 1 database.\n',
    })
    expect(createdContainers(proxy.requests())).toHaveLength(1)
  })

  it('touches one database with --db', async () => {
    const file = { '00001_a.sql': migration('create table a (id int);') }
    using files = project({ only_left: file, only_right: file })
    expect(await runIn(files)('up dev --db only_right')).toMatchObject({ exit: 0 })
    const present = await databases()
    expect(present).toContain('only_right')
    expect(present).not.toContain('only_left')
  })

  it('applies only the file that came later', async () => {
    using files = project({ later: { '00001_a.sql': migration('create table a (id int);') } })
    const up = runIn(files)
    expect(await up('up dev')).toMatchObject({ exit: 0 })
    files.migrations({ later: { '00002_b.sql': migration('alter table a add colour text;') } })
    const { steps } = readEvents(await up('up dev --json'))
    expect(steps).toMatchObject([{ kind: 'apply-migration', migration: '00002_b.sql', status: 'done' }])
    expect(await postgres.versions('later')).toBe('00001 00002')
  })

  it('creates a database whose name carries the suffix of the environment', async () => {
    using files = project({ plug: { '00001_a.sql': migration('create table a (id int);') } }, (config) => {
      config.environments.dev.suffix = '_qual'
    })
    expect(await runIn(files)('up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('plug_qual')).toBe('00001')
    expect(await databases()).not.toContain('plug')
  })

  it('runs exactly the files of its plan, and not one that appears while the first is running', async () => {
    using files = project({
      planned: { '00001_slow.sql': migration('create table a (id int); select pg_sleep(1.5);') },
    })
    const up = runIn(files)
    const running = up('up dev')
    await eventually(
      'the first file to run',
      async () =>
        (await postgres.psql(
          'postgres',
          "select count(*) from pg_stat_activity where query like '%pg_sleep(1.5)%' and pid <> pg_backend_pid()",
        )) === '1' || undefined,
    )
    files.migrations({ planned: { '00002_late.sql': migration('create table b (id int);') } })
    expect(await running).toMatchObject({ exit: 0 })
    expect(await postgres.versions('planned')).toBe('00001')
    expect(await up('status dev --exit-code')).toMatchObject({ exit: 3 })
  })

  it('ends the run after the running file when it is interrupted, and says what was not started', async () => {
    using files = project({
      halted: {
        '00001_slow.sql': migration('create table a (id int); select pg_sleep(1.25);'),
        '00002_next.sql': migration('create table b (id int);'),
      },
      halted_too: { '00001_a.sql': migration('create table a (id int);') },
    })
    const up = runIn(files)
    const interrupt = new AbortController()
    const running = up('up dev', { interrupt: interrupt.signal })
    await eventually(
      'the first file to run',
      async () =>
        (await postgres.psql(
          'postgres',
          "select count(*) from pg_stat_activity where query like '%pg_sleep(1.25)%' and pid <> pg_backend_pid()",
        )) === '1' || undefined,
    )
    interrupt.abort('SIGINT')
    const { exit, stderr } = await running
    expect(exit).toBe(130)
    expect(stderr).toContain('Interrupted by SIGINT')
    expect(stderr).toMatch(/halted +stopped: 00001 stays applied, 1 not started\n +halted_too +untouched/)
    expect(stderr).toContain('→ po-migrate up dev')
    expect(await postgres.versions('halted')).toBe('00001')
    expect(await up('up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('halted')).toBe('00001 00002')
  })
})

describe('up, when a migration fails', () => {
  const header = '-- Colours of things.\n-- Asked for by the shop.\n\n'

  it('says where, why, what stays and what is untouched, and goes on from there once the file is right', async () => {
    const bad = 'insert into things values (2);\n  update things\n    set size = colour;'
    using files = project(
      {
        fail_a: { '00001_a.sql': migration('create table a (id int);') },
        fail_b: {
          '00001_a.sql': migration('create table things (size int, color int);'),
          '00002_bad.sql': header + migration(bad),
          '00003_c.sql': migration('create table later (id int);'),
        },
        fail_c: { '00001_a.sql': migration('create table c (id int);') },
      },
      (config) => {
        config.databases = { fail_a: null, fail_b: null, fail_c: null }
      },
    )
    const up = runIn(files)
    const { exit, stderr } = await up('up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain('fail_b: 00002_bad.sql failed at line 7: column "colour" does not exist (42703)')
    expect(stderr).toContain(
      [
        '    5 | insert into things values (2);',
        '    6 |   update things',
        '  > 7 |     set size = colour;',
        '      |                ^',
      ].join('\n'),
    )
    expect(stderr).toContain('HINT: Perhaps you meant to reference the column "things.color".')
    expect(stderr).toContain('00002_bad.sql was rolled back as a whole.')
    expect(stderr).toMatch(
      /fail_a +done\n +fail_b +failed: 00001 stays applied, 1 not started\n +fail_c +untouched/,
    )
    expect(stderr).toContain('→ correct fail_b/00002_bad.sql, then: po-migrate up dev')
    expect(await postgres.versions('fail_b')).toBe('00001')
    expect(await postgres.psql('fail_b', 'select count(*) from things')).toBe('0')
    expect(await databases()).not.toContain('fail_c')

    files.migrations({ fail_b: { '00002_bad.sql': header + migration(bad.replace('colour', 'color')) } })
    const { steps } = readEvents(await up('up dev --json'))
    expect(
      steps.map(({ kind, database, migration: file }) => [kind, database, file ?? ''].join(' ')),
    ).toEqual([
      'apply-migration fail_b 00002_bad.sql',
      'apply-migration fail_b 00003_c.sql',
      'create-database fail_c ',
      'apply-migration fail_c 00001_a.sql',
    ])
  })

  it("adds the DETAIL of the server's log to an error without a position, and shows the SQL", async () => {
    using files = project({
      detail: {
        '00001_a.sql': migration('create table a (id int primary key);\ninsert into a values (7);'),
        '00002_b.sql': header + migration('insert into a values (7);'),
      },
    })
    const { exit, stderr } = await runIn(files)('up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain('detail: 00002_b.sql failed: duplicate key value violates unique constraint')
    expect(stderr).toContain('(23505)')
    expect(stderr).toContain('5 | insert into a values (7);')
    expect(stderr).toContain('Postgres does not say at which line.')
    expect(stderr).toContain('DETAIL: Key (id)=(7) already exists.')
  })

  it("shows the statement that the server's log names, where a block made it", async () => {
    using files = project({
      made: { '00001_a.sql': migration("do $$ begin execute 'select ' || 'nope'; end $$;") },
    })
    const { exit, stderr } = await runIn(files)('up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain('Postgres does not say at which line.')
    expect(stderr).toContain('QUERY: select nope')
  })

  it('says that a file outside a transaction may have left something behind', async () => {
    using files = project({
      outside: {
        '00001_a.sql': migration('create table a (id int);\ninsert into a values (1), (1);'),
        '00002_index.sql':
          '-- migrate:up transaction:false\ncreate unique index concurrently a_id on a (id);\n\n-- migrate:down\n',
      },
    })
    const { exit, stderr } = await runIn(files)('up dev')
    expect(exit).toBe(1)
    expect(stderr).toMatch(
      /00002_index\.sql .* outside .* transaction: what it did before the error may stay done/,
    )
    expect(stderr).toContain('outside  failed: 00001 stays applied')
    expect(await postgres.versions('outside')).toBe('00001')
    expect(
      await postgres.psql('outside', "select indisvalid from pg_index where indexrelid = 'a_id'::regclass"),
    ).toBe('f')
  })

  it('marks in the events what is done, what failed and what was skipped', async () => {
    using files = project({
      marked: {
        '00001_a.sql': migration('create table a (id int);'),
        '00002_b.sql': migration('select 1 / 0;'),
        '00003_c.sql': migration('create table c (id int);'),
      },
    })
    const result = await runIn(files)('up dev --json')
    const { started, steps, finished } = readEvents(result)
    expect(result.stderr).toBe('')
    expect(started.plan?.steps).toHaveLength(4)
    expect(steps.map(({ status }) => status)).toEqual(['done', 'done', 'failed', 'skipped'])
    expect(steps[2]?.error?.message).toContain('division by zero (22012)')
    expect(finished).toMatchObject({ status: 'failed', exit: 1 })
    expect(finished.error?.details.at(-1)).toBe('marked  failed: 00001 stays applied, 1 not started')
  })
})

describe('up --json', () => {
  it('tells the plan first, every step, and the exit code last', async () => {
    using files = project({ told: { '00001_a.sql': migration('create table a (id int);') } })
    const { started, all, finished } = readEvents(await runIn(files)('up dev --json'))
    expect(started).toMatchObject({ command: 'up', environment: 'dev' })
    expect(started.plan?.steps).toEqual([
      { step: 1, kind: 'create-database', database: 'told' },
      { step: 2, kind: 'apply-migration', database: 'told', migration: '00001_a.sql' },
    ])
    expect(all.slice(1, -1).map((event) => event.event)).toEqual(
      Array.from({ length: 2 }, () => ['step.started', 'step.finished']).flat(),
    )
    expect(finished).toMatchObject({ status: 'done', exit: 0 })
  })

  it.each([
    { why: 'an unknown environment', args: 'up nowhere --json', exit: 2 },
    { why: 'an unknown database', args: 'up dev --db nothing --json', exit: 2 },
  ])('tells of $why in the same frame', async ({ args, exit }) => {
    using files = project({ framed: { '00001_a.sql': migration('select 1;') } })
    const result = await runIn(files)(args)
    const { started, finished } = readEvents(result)
    expect(started.plan).toBeNull()
    expect(finished).toMatchObject({ status: 'refused', exit })
    expect(finished.error?.message).toMatch(/^Unknown /)
    expect(result.stderr).toBe('')
    expect(await databases()).not.toContain('framed')
  })
})

describe('plan', () => {
  it('shows every step and changes nothing', async () => {
    using files = project({ dry: { '00001_a.sql': migration('create table a (id int);') } })
    await using proxy = await startDockerProxy()
    const plan = runIn(files)
    for (const args of ['plan dev', 'up dev --dry-run']) {
      const { exit, stdout } = await plan(args, { env: proxy.env })
      expect(exit).toBe(0)
      expect(stdout).toMatch(
        /1 {2}dry {2}create database\n +2 {2}dry {2}00001_a\.sql\n1 migration in 1 database, 1 of them new\n$/,
      )
    }
    expect(await databases()).not.toContain('dry')
    const requests = proxy.requests()
    expect(requests.length).toBeGreaterThan(0)
    expect(requests.filter((request) => !/^GET |\/exec/.test(request))).toEqual([])
  })

  it('answers 3 with --exit-code while something is pending, and 0 after', async () => {
    using files = project({ asked: { '00001_a.sql': migration('create table a (id int);') } })
    const tool = runIn(files)
    expect(await tool('plan dev')).toMatchObject({ exit: 0 })
    expect(await tool('plan dev --exit-code')).toMatchObject({ exit: 3 })
    expect(await tool('up dev')).toMatchObject({ exit: 0 })
    expect(await tool('plan dev --exit-code')).toMatchObject({
      exit: 0,
      stdout: 'dev: nothing to do, 1 migration applied in 1 database.\n',
    })
  })

  it('prints as JSON what the run then tells as its plan', async () => {
    using files = project({ same: { '00001_a.sql': migration('create table a (id int);') } })
    const tool = runIn(files)
    const printed = planDocument.parse(JSON.parse((await tool('plan dev --json')).stdout))
    expect(readEvents(await tool('up dev --json')).started.plan).toEqual(printed)
  })
})

describe('status', () => {
  it('prints the document of the contract, databases in the order of the config', async () => {
    using files = project(
      {
        state_z: { '00001_a.sql': migration('create table a (id int);') },
        state_a: { '00001_a.sql': migration('create table a (id int);') },
      },
      (config) => {
        config.databases = { state_z: null, state_a: {} }
      },
    )
    const tool = runIn(files)
    expect(await tool('up dev --db state_z')).toMatchObject({ exit: 0 })
    const { stdout, exit } = await tool('status dev --json')
    expect(exit).toBe(0)
    const entry = { version: '00001', file: '00001_a.sql' }
    const head = { environment: 'dev', host: 'local', network: postgres.network }
    const done = { name: 'state_z', database: 'state_z', exists: true, applied: 1, pending: 0 }
    const open = { name: 'state_a', database: 'state_a', exists: false, applied: 0, pending: 1 }
    const expected = {
      version: 1,
      environments: [
        {
          ...head,
          databases: [
            { ...done, migrations: [{ ...entry, state: 'applied' }] },
            { ...open, migrations: [{ ...entry, state: 'pending' }] },
          ],
        },
      ],
    }
    // As text: the order of the keys is part of what people read.
    expect(stdout).toBe(`${JSON.stringify(expected)}\n`)
    expect(await tool('status dev --exit-code')).toMatchObject({ exit: 3 })
    expect(await tool('up dev')).toMatchObject({ exit: 0 })
    expect(await tool('status dev --exit-code')).toMatchObject({ exit: 0 })
  })

  it('shows a file that came too late and a version whose file is gone; only the first makes it 3', async () => {
    using files = project({
      drifted: {
        '00001_a.sql': migration('create table a (id int);'),
        '00003_c.sql': migration('create table c (id int);'),
      },
    })
    const tool = runIn(files)
    expect(await tool('up dev')).toMatchObject({ exit: 0 })
    rmSync(join(files.directory, 'infrastructure/migrations/drifted/00001_a.sql'))
    const gone = await tool('status dev --exit-code')
    expect(gone.exit).toBe(0)
    expect(gone.stdout).toMatch(/00001 \(no file in this checkout\) +missing-file/)
    files.migrations({ drifted: { '00002_b.sql': migration('create table b (id int);') } })
    const late = await tool('status dev --exit-code --json')
    expect(late.exit).toBe(3)
    const [environment] = JSON.parse(late.stdout).environments
    expect(environment.databases[0]).toMatchObject({
      applied: 2,
      pending: 1,
      migrations: [
        { version: '00001', file: null, state: 'missing-file' },
        { version: '00002', file: '00002_b.sql', state: 'out-of-order' },
        { version: '00003', file: '00003_c.sql', state: 'applied' },
      ],
    })
  })

  it('shows the environments that it reaches, and answers 6 for the one that it does not', async () => {
    using files = project({ reached: { '00001_a.sql': migration('select 1;') } }, (config) => {
      config.environments.lost = { ...config.environments.dev, network: 'pmt-no-such-network' }
    })
    const { exit, stdout } = await runIn(files)('status --json')
    expect(exit).toBe(6)
    const [dev, lost] = JSON.parse(stdout).environments
    expect(dev.databases).toHaveLength(1)
    expect(lost).toMatchObject({
      databases: [],
      error: { message: expect.stringContaining('pmt-no-such-network') },
    })
  })
})

describe('an environment with confirm: true', () => {
  const guarded = (name: string): Project =>
    project({ [name]: { '00001_a.sql': migration('create table a (id int);') } }, (config) => {
      config.environments.dev.confirm = true
    })

  it.each([
    { title: 'without a word', args: 'up dev', env: {} },
    { title: 'with --confirm y', args: 'up dev --confirm y', env: {} },
    { title: 'with --confirm YES', args: 'up dev --confirm YES', env: {} },
    { title: 'with CONFIRM=true', args: 'up dev', env: { CONFIRM: 'true' } },
  ])('refuses $title and touches nothing', async ({ args, env }) => {
    using files = guarded('guarded_no')
    const { exit, stderr } = await runIn(files)(args, { env })
    expect(exit).toBe(4)
    expect(stderr).toContain('Nothing was touched.')
    expect(stderr).toContain('→ po-migrate up dev --confirm yes')
    expect(await databases()).not.toContain('guarded_no')
  })

  it.each([
    { title: '--confirm yes', name: 'guarded_flag', args: 'up dev --confirm yes', env: {} },
    { title: 'CONFIRM=yes', name: 'guarded_variable', args: 'up dev', env: { CONFIRM: 'yes' } },
  ])('passes with $title, and needs no word when nothing is pending', async ({ name, args, env }) => {
    using files = guarded(name)
    const tool = runIn(files)
    expect(await tool(args, { env })).toMatchObject({ exit: 0 })
    expect(await postgres.versions(name)).toBe('00001')
    expect(await tool('up dev')).toMatchObject({ exit: 0 })
  })
})

describe('a database that migrations did not make', () => {
  const own = { '00001_a.sql': migration('create table a (id int);') }

  it.each([
    { title: 'an ordinary table', name: 'foreign_plain', sql: 'create table users (id int)' },
    {
      title: 'a partitioned table',
      name: 'foreign_parts',
      sql: 'create table logs (at date) partition by range (at)',
    },
    {
      title: 'a table in a schema of its own',
      name: 'foreign_schema',
      sql: 'create schema app create table users (id int)',
    },
  ])('is refused for $title before any database is touched', async ({ name, sql }) => {
    await postgres.psql('postgres', `create database ${name}`)
    await postgres.psql(name, sql)
    using files = project({ aaa_first: own, [name]: own })
    const { exit, stderr } = await runIn(files)('up dev')
    expect(exit).toBe(4)
    expect(stderr).toContain(`${name}: tables, but no schema_migrations`)
    expect(stderr).toContain(`→ write into the config: databases: { ${name}:`)
    expect(stderr).not.toContain('po-migrate cutover')
    expect(await databases()).not.toContain('aaa_first')
  })

  it('is not one that holds only what an extension owns, the ledger, and views', async () => {
    await postgres.psql('postgres', 'create database foreign_none')
    const sql = `create extension vector; create table owned (id int); alter extension vector add table owned;
      create schema po_migrate; create table po_migrate.other (id int); create view v as select 1 as one`
    for (const statement of sql.split(';')) await postgres.psql('foreign_none', statement)
    using files = project({ foreign_none: own })
    expect(await runIn(files)('up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('foreign_none')).toBe('00001')
  })
})

describe('a project that keeps its versions elsewhere', () => {
  const store = {
    '00001_a.sql': migration('create table a (id int);'),
    '00002_b.sql': migration('create table b (id int);'),
  }
  const places = [
    { name: 'kept_name', settings: { migrations_table: 'versions' }, table: 'public.versions' },
    { name: 'kept_schema', settings: { migrations_table: 'app.versions' }, table: 'app.versions' },
    { name: 'kept_path', settings: { search_path: 'app,public' }, table: 'app.schema_migrations' },
    {
      name: 'kept_both',
      settings: { migrations_table: 'meta.versions', search_path: 'app' },
      table: 'meta.versions',
    },
  ]
  const nativeOf = (
    { directory }: Project,
    { name, settings }: (typeof places)[number],
    database = name,
  ): Parameters<typeof dbmate>[1] => ({
    database,
    directory: join(directory, 'infrastructure/migrations', name),
    ...(settings.search_path && { searchPath: settings.search_path }),
    flags: settings.migrations_table ? ['--migrations-table', settings.migrations_table] : [],
  })
  const place = (entry: (typeof places)[number]): Project =>
    project({ [entry.name]: store }, (config) => {
      config.databases = { [entry.name]: entry.settings }
    })

  it.each(places)('applies what dbmate then knows as applied: $settings', async (entry) => {
    using files = place(entry)
    await postgres.psql('postgres', `create database ${entry.name}`)
    if (entry.settings.search_path) await postgres.psql(entry.name, 'create schema app')
    const tool = runIn(files)
    expect(await tool('up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions(entry.name, entry.table)).toBe('00001 00002')
    const { stdout, exit, stderr } = await dbmate(postgres, nativeOf(files, entry), 'status')
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).toContain('Applied: 2\nPending: 0')
    expect(await tool('status dev --exit-code')).toMatchObject({ exit: 0 })
  })

  it.each(places)('reads what dbmate itself applied: $settings', async (entry) => {
    const name = `${entry.name}_native`
    using files = project({ [name]: store }, (config) => {
      config.databases = { [name]: entry.settings }
    })
    await postgres.psql('postgres', `create database ${name}`)
    if (entry.settings.search_path) await postgres.psql(name, 'create schema app')
    const native = await dbmate(postgres, nativeOf(files, { ...entry, name }, name), 'up')
    expect(native).toMatchObject({ exit: 0 })
    expect(await runIn(files)('up dev')).toMatchObject({
      exit: 0,
      stdout: 'dev: nothing to do, 2 migrations applied in 1 database.\n',
    })
  })
})
