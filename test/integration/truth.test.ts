import { describe, expect, it } from 'vitest'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { startPostgres } from '../support/postgres/postgres.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
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
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
    edit: (config) => {
      config.project = 'truth'
      edit?.(config)
    },
  })

const table = (name: string): string => migration(`create table ${name} (id int);`, `drop table ${name};`)

const exists = async (database: string, relation: string): Promise<boolean> =>
  (await postgres.psql(database, `select to_regclass('${relation}') is not null`)) === 't'

const rows = (database: string): Promise<string> =>
  postgres.psql(
    database,
    `select string_agg(version || ' ' || outcome, ', ' order by id) from po_migrate.ledger`,
  )

/** The command after the arrow, as a person pastes it, without what comes after it. */
const paste = async (stderr: string): Promise<void> => {
  const line = stderr.split('\n').find((text) => text.includes('→ docker exec')) ?? ''
  const command = line.slice(line.indexOf('docker exec')).split(', then: ')[0] ?? ''
  expect(await run('sh', ['-c', command])).toMatchObject({ exit: 0 })
}

describe('a first row of the ledger that is refused stops before the file', () => {
  it('by an event trigger: exit 4, with what makes the ledger beside it', async () => {
    await postgres.psql('postgres', 'create database guarded')
    await postgres.psql(
      'guarded',
      `create function no() returns event_trigger language plpgsql as $$ begin raise exception 'no schemas here'; end $$;
       create event trigger no_schemas on ddl_command_start when tag in ('CREATE SCHEMA') execute function no()`,
    )
    using files = project({ guarded: { '00001_a.sql': table('a') } })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(4)
    expect(stderr).toContain(
      'guarded: Postgres refused the ledger, po_migrate.ledger: no schemas here (P0001).',
    )
    expect(stderr).toContain('event triggers of this database: no_schemas')
    expect(stderr).toContain('00001_a.sql was not started.')
    expect(stderr).toContain('Nothing was touched.')
    expect(await exists('guarded', 'a')).toBe(false)
    await paste(stderr)
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await rows('guarded')).toBe('00001 done')
  })

  it('by a missing grant: exit 4, with the GRANT to paste', async () => {
    await postgres.psql('postgres', `create role limited login password 'postgres'`)
    await postgres.psql('postgres', 'create database granted owner limited')
    await postgres.psql('granted', 'create schema po_migrate')
    using files = project({ granted: { '00001_a.sql': table('a') } }, (config) => {
      config.environments.dev.user = 'limited'
    })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(4)
    expect(stderr).toContain('permission denied for schema po_migrate (42501)')
    expect(stderr).toContain('grant usage, create on schema po_migrate to "limited"')
    expect(await exists('granted', 'a')).toBe(false)
    await paste(stderr)
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })

    await postgres.psql('granted', 'alter table po_migrate.ledger owner to postgres')
    files.migrations({ granted: { '00002_b.sql': table('b') } })
    const second = await runIn(files, 'up dev')
    expect(second).toMatchObject({ exit: 4, stderr: expect.stringContaining('Nothing was touched.') })
    expect(second.stderr).toContain('grant select, insert, update on po_migrate.ledger to "limited"')
    await paste(second.stderr)
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await rows('granted')).toBe('00001 done, 00002 done')
  })

  it('by a database that is read-only: exit 4, and 1 once another database was changed', async () => {
    await postgres.psql('postgres', 'create database quiet')
    await postgres.psql('postgres', 'alter database quiet set default_transaction_read_only = on')
    using files = project({ quiet: { '00001_a.sql': table('a') } })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(4)
    expect(stderr).toContain('in a read-only transaction (25006)')
    expect(stderr).toContain('alter database "quiet" reset default_transaction_read_only')

    files.migrations({ alive: { '00001_a.sql': table('a') } })
    const both = await runIn(files, 'up dev')
    expect(both.exit).toBe(1)
    expect(both.stderr).toMatch(/alive +done/)
    expect(both.stderr).not.toContain('othing was touched')
    await paste(both.stderr)
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })
})

describe('a last row of the ledger that is refused', () => {
  it('leaves exit 1, the file applied and said so, and is settled by the next run, which says that too', async () => {
    using files = project({ late: { '00001_a.sql': table('a') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql(
      'late',
      `create function stop() returns trigger language plpgsql as $$ begin raise exception 'the ledger is shut'; end $$;
       create trigger shut before update on po_migrate.ledger for each row execute function stop()`,
    )
    files.migrations({ late: { '00002_b.sql': table('b'), '00003_c.sql': table('c') } })
    const result = await runIn(files, 'up dev --json')
    const { finished } = readEvents(result)
    expect(finished).toMatchObject({
      exit: 1,
      databases: [{ database: 'late', status: 'failed', changed: ['00002'], waiting: 1 }],
      error: {
        message:
          'late: 00002_b.sql is applied; its row in the ledger stays open, and the next run settles it.',
        touched: true,
        details: expect.arrayContaining([expect.stringContaining('the ledger is shut (P0001)')]),
      },
    })
    expect(await exists('late', 'b')).toBe(true)
    expect(await rows('late')).toBe('00001 done, 00002 running')

    await postgres.psql('late', 'drop trigger shut on po_migrate.ledger')
    const next = await runIn(files, 'up dev')
    expect(next).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('late: settled what a run left open: 00002_b.sql is applied'),
    })
    expect(await rows('late')).toBe('00001 done, 00002 done, 00003 done')
  })

  it('is settled too where nothing else is left to do', async () => {
    using files = project({ idle: { '00001_a.sql': table('a') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql('idle', `update po_migrate.ledger set outcome = 'running', duration_ms = null`)
    expect(await runIn(files, 'up dev')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('nothing to do'),
      stderr: expect.stringContaining('idle: settled what a run left open: 00001_a.sql is applied'),
    })
    expect(await rows('idle')).toBe('00001 done')
  })
})

describe('a session that is cut while a file runs', () => {
  const slow = migration('create table a (id int); select pg_sleep(4);', 'select pg_sleep(4); drop table a;')

  /** Every session of the tool but dbmate's. */
  const cut = (): Promise<string> =>
    postgres.psql(
      'postgres',
      `select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like '% reader'`,
    )

  it.each(['up dev --db cut_', 'rollback dev --db cut_'])('does not make a failure of %j', async (verb) => {
    const name = verb.split(' ')[0] ?? ''
    using files = project({ [`cut_${name}`]: { '00001_a.sql': slow } })
    if (name === 'rollback') expect(await runIn(files, `up dev --db cut_${name}`)).toMatchObject({ exit: 0 })
    const running = runIn(files, `${verb}${name}`)
    await eventually('the file', async () => {
      const sql = `select 1 from pg_stat_activity where datname = 'cut_${name}' and query like '%pg_sleep(4)%' and pid <> pg_backend_pid()`
      return (await postgres.psql('postgres', sql)) !== ''
    })
    await cut()
    expect(await running).toMatchObject({ exit: 0 })
    expect(await exists(`cut_${name}`, 'a')).toBe(name === 'up')
  })

  it('at a server that ends idle sessions, a rollback that was done is told as done', async () => {
    await using own = await startPostgres()
    using files = makeProject({
      network: own.network,
      store: { lamps: { '00001_a.sql': table('a'), '00002_b.sql': slow.replaceAll('table a', 'table b') } },
      state: 'state',
      edit: (config) => {
        config.project = 'truth'
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await own.psql('postgres', `alter system set idle_session_timeout = '2s'`)
    await own.psql('postgres', 'select pg_reload_conf()')
    expect(await runIn(files, 'rollback dev --db lamps')).toMatchObject({ exit: 0 })
    expect(await own.versions('lamps')).toBe('00001')
  })
})

describe('Postgres killed at the last row of the ledger', () => {
  it('answers 1 and says that the file is applied; the next run settles it', async () => {
    await using own = await startPostgres()
    using files = makeProject({
      network: own.network,
      store: { lamps: { '00001_a.sql': table('a') } },
      state: 'state',
      edit: (config) => {
        config.project = 'truth'
        config.environments.dev.wait = 2
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await own.psql(
      'lamps',
      `create function slow_note() returns trigger language plpgsql as 'begin perform pg_sleep(6); return new; end';
       create trigger slow_note before update on po_migrate.ledger for each row execute function slow_note()`,
    )
    files.migrations({ lamps: { '00002_b.sql': table('b') } })
    const running = runIn(files, 'up dev')
    await eventually('the trigger', async () => {
      const sql = `select 1 from pg_stat_activity where query like 'update po_migrate.ledger%' and pid <> pg_backend_pid()`
      return (await own.psql('postgres', sql)) !== ''
    })
    await docker(['kill', own.container])
    const { exit, stderr } = await running
    expect(exit).toBe(1)
    expect(stderr).toContain('lamps: 00002_b.sql is applied; its row in the ledger stays open')
    expect(stderr).toMatch(/lamps +failed: 00002 stays applied/)
    expect(stderr).not.toContain('othing was touched')

    await docker(['start', own.container])
    await eventually('Postgres', async () => own.psql('lamps', 'select 1').catch(() => ''))
    await own.psql('lamps', 'drop trigger slow_note on po_migrate.ledger')
    files.write('infrastructure/migrate.yaml', await keepWaiting(files))
    expect(await runIn(files, 'up dev')).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('lamps: settled what a run left open: 00002_b.sql is applied'),
    })
  })
})

const keepWaiting = async ({ directory }: Project): Promise<string> =>
  (await run('cat', [`${directory}/infrastructure/migrate.yaml`])).stdout.replace('wait: 2', 'wait: 20')

describe('an index that was there before', () => {
  const create = (columns: string): string =>
    `-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY idx ON a (${columns});\n\n-- migrate:down transaction:false\nDROP INDEX CONCURRENTLY idx;\n`
  const drop =
    '-- migrate:up transaction:false\nDROP INDEX CONCURRENTLY idx;\n\n-- migrate:down transaction:false\nCREATE INDEX CONCURRENTLY idx ON a (x);\n'
  const base = migration('create table a (x int, y int); create index idx on a (x);')

  it('is no evidence of a run that died: it is dropped and built again under its name', async () => {
    using files = project({ rebuilt: { '00001_a.sql': base } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    files.migrations({ rebuilt: { '00002_drop.sql': drop, '00003_create.sql': create('x, y') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('rebuilt')).toBe('00001 00002 00003')
    expect(await postgres.psql('rebuilt', `select pg_get_indexdef('idx'::regclass)`)).toContain('(x, y)')
  })

  it('and was built by hand is left to Postgres: the file fails by its own words, and a repaired one runs', async () => {
    using files = project({ by_hand: { '00001_a.sql': base.replace('create index idx on a (x);', '') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql('by_hand', 'create index idx on a (x)')
    files.migrations({ by_hand: { '00002_create.sql': create('x') } })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain('relation "idx" already exists')
    files.migrations({ by_hand: { '00002_create.sql': create('x').replace(' idx ', ' IF NOT EXISTS idx ') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })
})

describe('a rollback of three that fails at the second', () => {
  it('tells to go on with --to, which undoes what is left and no more', async () => {
    const broken = migration('create table c (id int);', 'drop table c; drop table nowhere;')
    const store = {
      '00001_a.sql': table('a'),
      '00002_b.sql': table('b'),
      '00003_c.sql': broken,
      '00004_d.sql': table('d'),
    }
    using files = project({ three: store })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const { exit, stderr } = await runIn(files, 'rollback dev --db three --steps 3')
    expect(exit).toBe(1)
    expect(stderr).toContain('po-migrate rollback dev --db three --to 00001')
    expect(stderr).not.toContain('--steps')
    expect(await postgres.versions('three')).toBe('00001 00002 00003')

    await postgres.psql('three', 'create table nowhere (id int)')
    expect(await runIn(files, 'rollback dev --db three --to 00001')).toMatchObject({ exit: 0 })
    expect(await runIn(files, 'rollback dev --db three --to 00001')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('nothing to do'),
    })
    expect(await postgres.versions('three')).toBe('00001')
    expect(await runIn(files, 'rollback dev --db three --to 0')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('three')).toBe('')
  })

  it.each(['--to 00007', '--to 00001 --steps 1'])('refuses %s before anything', async (flags) => {
    using files = project({ typo: { '00001_a.sql': table('a') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await runIn(files, `rollback dev --db typo ${flags}`)).toMatchObject({ exit: 2 })
    expect(await postgres.versions('typo')).toBe('00001')
  })
})

describe('a database that cannot be created', () => {
  it('for want of a right says so, with the line that gives it', async () => {
    await postgres.psql('postgres', `create role builder login password 'postgres'`)
    using files = project({ unbuilt: { '00001_a.sql': table('a') } }, (config) => {
      config.environments.dev.user = 'builder'
    })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain('unbuilt: could not be created: permission denied to create database (42501).')
    expect(stderr).toContain('alter role builder createdb')
    await paste(stderr)
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })
})
