import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readManifest } from '../../src/backup/manifest.ts'
import { readDatabaseInventory } from '../../src/io/postgres/inventory.ts'
import type { Query } from '../../src/io/postgres/postgres.ts'
import { doctorDocument } from '../../src/report/documents.ts'
import { docker, eventually } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { openSession } from '../support/postgres/session.ts'
import { makeProject, type Project } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const sharedMemory = 200 * 2 ** 20
let postgres: TestPostgres
let state: string
beforeAll(async () => {
  postgres = await startPostgres({}, { sharedMemory })
})
afterAll(() => postgres[Symbol.asyncDispose]())
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'pmt-state-'))
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

const project = (database: string, { network }: TestPostgres = postgres): Project =>
  makeProject({
    network,
    store: { [database]: { '00001_a.sql': '' } },
    edit: (config) => {
      config.state = state
    },
  })

const create = async (database: string, sql: string): Promise<void> => {
  await postgres.psql('postgres', `drop database if exists ${database} with (force)`)
  await postgres.psql('postgres', `create database ${database}`)
  await postgres.psql(database, sql)
}

const newest = (): string => {
  const directory = join(state, 'shop', 'backups')
  return join(directory, readdirSync(directory).sort().at(-1) ?? '')
}

const withQuery = async <T>(database: string, work: (query: Query) => Promise<T>): Promise<T> => {
  await using session = await openSession(postgres, database)
  return await work(async (sql, values) => (await session.query(sql, values)).rows as never)
}

describe('options of relations', () => {
  const options = `
    create table t (id int, note text) with (fillfactor = 90);
    alter table t set (autovacuum_vacuum_threshold = 7);
    alter table t set (autovacuum_enabled = off, fillfactor = 80);
    create index i on t (id) with (fillfactor = 70);
    alter index i set (deduplicate_items = off, fillfactor = 60);
    create view v with (check_option = local, security_barrier = true) as select * from t where id > 1;
    create view w with (security_invoker) as select * from t where id > 2;
    alter view w set (check_option = 'cascaded', security_barrier = true);
    create materialized view m with (fillfactor = 50) as select * from t;
    alter materialized view m set (autovacuum_enabled = off);`

  it('are proven in whatever order they were given and altered', async () => {
    await create('opt_shop', options)
    using files = project('opt_shop')
    const { exit, stderr } = await runIn(files, 'backup dev')
    expect(exit, stderr).toBe(0)
    expect(stderr).not.toContain('not proven')
  })

  it('are found where they are others', async () => {
    await create('opt_other', options)
    const before = await withQuery('opt_other', (query) => readDatabaseInventory(query, 'opt_other'))
    await postgres.psql('opt_other', 'alter view v set (security_barrier = false)')
    const after = await withQuery('opt_other', (query) => readDatabaseInventory(query, 'opt_other'))
    const definition = (of: typeof before, name: string) =>
      of.objects.find((one) => one.name === name)?.definition
    expect(definition(after, 'public.v')).not.toBe(definition(before, 'public.v'))
    expect(definition(after, 'public.w')).toBe(definition(before, 'public.w'))
  })

  it('are compared as they stood where an older release wrote the backup', async () => {
    await create('opt_older', 'create table t (id int) with (fillfactor = 90, autovacuum_enabled = off)')
    using files = project('opt_older')
    expect(await runIn(files, 'backup dev')).toMatchObject({ exit: 0 })
    const file = join(newest(), 'manifest.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8'))
    const older = await withQuery('opt_older', (query) => readDatabaseInventory(query, 'opt_older', {}))
    manifest.databases[0].inventory = { ...older, size: 1 }
    writeFileSync(file, JSON.stringify(manifest))
    const { exit, stderr } = await runIn(files, `restore dev --from ${newest()}`)
    expect(exit, stderr).toBe(0)
  })
})

describe('a materialized view that reads from elsewhere', () => {
  const setUp = async (): Promise<void> => {
    await create('mv_sibling', 'create table rates (id int); insert into rates values (7)')
    await create(
      'mv_shop',
      `create extension postgres_fdw;
       create extension dblink;
       create table t (id int); insert into t values (1), (2);
       create server sibling foreign data wrapper postgres_fdw options (dbname 'mv_sibling');
       create user mapping for postgres server sibling options (user 'postgres');
       create foreign table rates (id int) server sibling;
       create materialized view "Odd ""name""" as select * from rates;
       create materialized view above as select id + 1 as id from "Odd ""name""";
       create index on above (id);
       create function asked() returns int language plpgsql as
         $$ begin return (select id from public.dblink('dbname=mv_sibling', 'select id from rates') as r(id int)); end $$;
       create materialized view by_function as select public.asked() as id;
       create materialized view own as select * from t;
       create materialized view unfilled as select * from t with no data;`,
    )
  }
  const isFilled = (view: string): Promise<string> =>
    postgres.psql('mv_shop', `select relispopulated from pg_class where relname = '${view}'`)

  it('is left out of the proof, named, and said to be unproven; the backup is kept', async () => {
    await setUp()
    using files = project('mv_shop')
    const { exit, stderr } = await runIn(files, 'backup dev')
    expect(exit, stderr).toBe(0)
    const { unproven = [] } = readManifest(newest())
    expect(unproven.map(({ database, name }) => [database, name])).toEqual(
      [
        ['mv_shop', 'public."Odd ""name"""'],
        ['mv_shop', 'public.above'],
        ['mv_shop', 'public.by_function'],
      ].sort(),
    )
    for (const { name } of unproven) expect(stderr).toContain(`mv_shop: the rows of ${name} are not proven`)
    expect(stderr).toContain('could not connect to server "sibling": connection to server')
  })

  it('is filled by a restore where the other one answers, and one without data stays without', async () => {
    await setUp()
    using files = project('mv_shop')
    expect(await runIn(files, 'backup dev')).toMatchObject({ exit: 0 })
    const { exit, stderr } = await runIn(files, `restore dev --from ${newest()}`)
    expect(exit, stderr).toBe(0)
    expect(await postgres.psql('mv_shop', 'select id from above')).toBe('8')
    expect(await isFilled('own')).toBe('t')
    expect(await isFilled('unfilled')).toBe('f')
  })

  it('stays empty after a restore where nobody answers, with the line that fills it', async () => {
    await setUp()
    using files = project('mv_shop')
    expect(await runIn(files, 'backup dev')).toMatchObject({ exit: 0 })
    await postgres.psql('postgres', 'alter database mv_sibling rename to mv_away')
    const { exit, stderr } = await runIn(files, `restore dev --from ${newest()}`)
    await postgres.psql('postgres', 'alter database mv_away rename to mv_sibling')
    expect(exit, stderr).toBe(0)
    expect(stderr).toContain('mv_shop: public.above is empty')
    expect(stderr).toContain("-c 'refresh materialized view public.above'")
    expect(await isFilled('above')).toBe('f')
    expect(await isFilled('own')).toBe('t')
    expect(await postgres.psql('mv_shop', 'select count(*) from t')).toBe('2')
  })
})

describe('an index that is built in shared memory', () => {
  /** For its workers, of whom there are some however small the table, an HNSW index takes all of maintenance_work_mem. */
  const makeIndex = async (): Promise<void> => {
    await create(
      'shm_shop',
      `create extension vector;
       create table v (at vector(3)) with (parallel_workers = 2);
       insert into v select array[random(), random(), random()]::vector from generate_series(1, 100);
       set max_parallel_maintenance_workers = 0;
       create index on v using hnsw (at vector_l2_ops);`,
    )
  }
  const scratchMemory = (): Promise<string> =>
    eventually('the scratch server', async () => {
      const id = await docker(['ps', '-q', '--filter', 'label=po-migrate.databases=shm_shop'])
      return id && docker(['inspect', '--format', '{{.HostConfig.ShmSize}}', id]).catch(() => '')
    })

  it.each([
    ['that the real server has', '150MB'],
    ['by one process, where that is too little', '1GB'],
  ])('is proven in as much of it %s', async (_, memory) => {
    await makeIndex()
    await postgres.psql('postgres', `alter role postgres set maintenance_work_mem = '${memory}'`)
    using files = project('shm_shop')
    const [{ exit, stderr }, size] = await Promise.all([runIn(files, 'backup dev'), scratchMemory()])
    await postgres.psql('postgres', 'alter role postgres reset maintenance_work_mem')
    expect(exit, stderr).toBe(0)
    expect(Number(size)).toBe(sharedMemory)
  })
})

describe('a server whose socket asks for a password', () => {
  it.each(['scram-sha-256', 'peer'])('is backed up and restored all the same: local %s', async (method) => {
    await using other = await startPostgres()
    await other.psql('postgres', 'create database sock_shop')
    await other.psql('sock_shop', 'create table t as select 1 as id')
    const hba = `sed -i 's/^local.*/local all all ${method}/' "$PGDATA/pg_hba.conf"`
    await docker(['exec', other.container, 'bash', '-c', hba])
    await other.psql('postgres', 'select pg_reload_conf()')
    using files = project('sock_shop', other)
    const { stdout } = await runIn(files, 'doctor dev --json')
    const { checks } = doctorDocument.parse(JSON.parse(stdout))
    expect(checks.find(({ title }) => title === 'pg_dump')).toMatchObject({
      status: 'ok',
      finding: expect.stringMatching(/^pg_dump \(PostgreSQL\) 17/),
    })
    const { exit, stderr } = await runIn(files, 'backup dev')
    expect(exit, stderr).toBe(0)
    expect(await runIn(files, `restore dev --from ${newest()}`)).toMatchObject({ exit: 0 })
    const left = await docker([
      'exec',
      other.container,
      'sh',
      '-c',
      'ls -A /dev/shm /tmp | grep po-migrate || true',
    ])
    expect(left).toBe('')
  })

  it('that has no pg_dump is found by doctor', async () => {
    await using other = await startPostgres()
    await docker([
      'exec',
      other.container,
      'sh',
      '-c',
      'rm -f "$(command -v pg_dump)" /usr/lib/postgresql/*/bin/pg_dump',
    ])
    using files = project('sock_shop', other)
    const { exit, stdout } = await runIn(files, 'doctor dev --json')
    expect(exit).toBe(1)
    const { checks } = doctorDocument.parse(JSON.parse(stdout))
    expect(checks.find(({ title }) => title === 'pg_dump')).toMatchObject({
      status: 'failed',
      finding: expect.stringContaining('no backup can be taken'),
    })
  })
})
