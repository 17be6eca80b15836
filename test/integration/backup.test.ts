import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readManifest } from '../../src/backup/manifest.ts'
import { doctorDocument } from '../../src/report/documents.ts'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { openSession } from '../support/postgres/session.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool, type ToolProcess } from '../support/tool/process.ts'
import { makeProject, type Project, type ProjectOptions } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

const password = 'pa55 wörd$'
let postgres: TestPostgres
let state: string
beforeAll(async () => {
  postgres = await startPostgres({ POSTGRES_PASSWORD: password })
})
afterAll(() => postgres[Symbol.asyncDispose]())
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'pmt-state-'))
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

const project = (databases: readonly string[], edit?: ProjectOptions['edit']): Project =>
  makeProject({
    network: postgres.network,
    password,
    store: Object.fromEntries(databases.map((name) => [name, { '00001_a.sql': '' }])),
    edit: (config) => {
      config.state = state
      edit?.(config)
    },
  })

/** Makes the databases anew, also when a test runs a second time. */
const create = async (...databases: string[]): Promise<void> => {
  for (const database of databases) {
    await postgres.psql('postgres', `drop database if exists ${database} with (force)`)
    await postgres.psql('postgres', `create database ${database}`)
  }
}

const createRole = async (name: string, options: string): Promise<void> => {
  await postgres.psql(
    'postgres',
    `do $$ begin if not exists (select from pg_roles where rolname = '${name}') then create role ${name} ${options}; end if; end $$`,
  )
}

const backup = ({ directory }: Project, ...args: string[]) =>
  runTool(['backup', 'dev', ...args], { cwd: directory })

const kept = (): string[] => {
  try {
    return readdirSync(join(state, 'shop', 'backups')).map((name) => join(state, 'shop', 'backups', name))
  } catch {
    return []
  }
}

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)

const containersOf = (database: string): Promise<string> =>
  docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.databases=${database}`])

const dumpsOf = (database: string): Promise<string> =>
  postgres.psql(
    'postgres',
    `select count(*) from pg_stat_activity where datname = '${database}' and application_name like '% dump'`,
  )

const processes = async (): Promise<string> => docker(['top', postgres.container, '-eo', 'pid,args'])

describe('backup', () => {
  it('dumps every managed database and the roles, proves them, and keeps files that not everyone may read', async () => {
    await create('bk_iam', 'bk_shop')
    await createRole('bk_app', "login password 'bk-app-secret' valid until '2031-01-01 00:00+00'")
    await postgres.psql(
      'bk_shop',
      `create extension if not exists vector;
       create table things (id bigint generated always as identity primary key, kind varchar(9) check (kind in ('a', 'b')), at vector(3));
       insert into things (kind) select 'a' from generate_series(1, 1234);
       create table parted (id int, at date) partition by range (at);
       create table parted_1 partition of parted for values from ('2020-01-01') to ('2030-01-01');
       insert into parted values (1, '2021-01-01'), (2, '2022-02-02');
       create view kinds as select kind, count(*) from things group by kind;
       create function one() returns int language sql as 'select 1';
       grant select on things to bk_app;
       alter table things owner to bk_app;
       select lo_from_bytea(0, 'large');`,
    )
    await postgres.psql('bk_shop', "alter database bk_shop set search_path to public, 'Other one'")
    await postgres.psql('bk_shop', 'alter role bk_app in database bk_shop set work_mem to 7777')
    await postgres.psql('bk_shop', 'revoke connect on database bk_shop from public')
    using files = project(['bk_iam', 'bk_shop'])
    const result = await backup(files, '--json')
    expect(result).toMatchObject({ exit: 0, stderr: '' })
    expect(readEvents(result).steps.map(({ kind, database, status }) => [kind, database, status])).toEqual([
      ['dump-database', 'bk_iam', 'done'],
      ['dump-database', 'bk_shop', 'done'],
      ['dump-roles', undefined, 'done'],
      ['prove-backup', undefined, 'done'],
      ['keep-backup', undefined, 'done'],
    ])
    const [directory = '', ...others] = kept()
    expect(others).toEqual([])
    expect(modeOf(directory)).toBe('770')
    const names = readdirSync(directory)
    expect(names.sort()).toEqual(['bk_iam.dump', 'bk_shop.dump', 'globals.sql', 'manifest.json'])
    for (const name of names) expect(modeOf(join(directory, name))).toBe('640')
    const manifest = readManifest(directory)
    const shop = manifest.databases.find(({ inventory }) => inventory.name === 'bk_shop')
    expect(shop?.inventory).toMatchObject({
      tables: [
        { name: 'public.parted_1', rows: 2 },
        { name: 'public.things', rows: 1234 },
      ],
      largeObjects: 1,
      roles: ['bk_app', 'postgres'],
      settings: expect.arrayContaining([{ role: 'bk_app', values: ['work_mem=7777'] }]),
    })
    expect(manifest.server.version).toMatch(/^17/)
    expect(await containersOf('bk_iam,bk_shop')).toBe('')
    expect(await dumpsOf('bk_shop')).toBe('0')
  })

  it('says in a sentence what was kept, and history tells of it', async () => {
    await create('bk_told')
    await postgres.psql('bk_told', 'create table t as select generate_series(1, 5) as id')
    using files = project(['bk_told'])
    const { exit, stdout, stderr } = await backup(files)
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    const [directory = ''] = kept()
    expect(stdout).toMatch(/^dev: 1 database, 5 rows backed up and proven in .*: /)
    expect(stdout).toContain(directory)
    expect(stderr).toContain('prove: restore into a scratch server, compare')
    const history = await runTool(['history', 'dev', '--json'], { cwd: files.directory })
    expect(JSON.parse(history.stdout).runs).toMatchObject([
      { command: 'backup', outcome: 'done', databases: ['bk_told'], directory, actor: 'tester@test-machine' },
    ])
    const shown = await runTool(['history', 'dev'], { cwd: files.directory })
    expect(shown.stdout).toContain(`backup ${directory}`)
    expect(modeOf(join(state, 'shop', 'runs'))).toBe('770')
    const [record = ''] = readdirSync(join(state, 'shop', 'runs'))
    expect(modeOf(join(state, 'shop', 'runs', record))).toBe('660')
  })

  it('never shows a password: not in its output, manifest, run record, the scratch container, or the processes', async () => {
    await create('bk_secret')
    await createRole('bk_owner', "login password 'bk-owner-secret'")
    using files = project(['bk_secret'])
    const tool = startTool(['backup', 'dev', '--verbose', '--json'], { cwd: files.directory })
    const seen: string[] = []
    let done = false
    const ended = tool.ended.finally(() => {
      done = true
    })
    while (!done) {
      const ids = await containersOf('bk_secret')
      if (ids) seen.push((await run('docker', ['inspect', ...ids.split('\n')])).stdout)
      seen.push(await processes())
    }
    const { exit, stdout, stderr } = await ended
    expect(exit).toBe(0)
    const [directory = ''] = kept()
    const manifest = readFileSync(join(directory, 'manifest.json'), 'utf8')
    const [record = ''] = readdirSync(join(state, 'shop', 'runs'))
    const all = [
      stdout,
      stderr,
      manifest,
      readFileSync(join(state, 'shop', 'runs', record), 'utf8'),
      ...seen,
    ].join('\n')
    expect(seen.some((text) => text.includes('po-migrate-'))).toBe(true)
    for (const secret of [password, encodeURIComponent(password), 'bk-owner-secret', 'SCRAM-SHA-256'])
      expect(all.includes(secret), secret).toBe(false)
    // The verifiers are where they have to be, and nowhere else.
    expect(readFileSync(join(directory, 'globals.sql'), 'utf8')).toContain('SCRAM-SHA-256')
  })

  it('is of one moment: rows written while it dumps are in neither the dump nor the counts', async () => {
    await create('bk_live')
    await postgres.psql('bk_live', 'create table t (id int); insert into t select generate_series(1, 1000)')
    using files = project(['bk_live'])
    await using session = await openSession({ ...postgres, password }, 'bk_live')
    const tool = startTool(['backup', 'dev'], { cwd: files.directory })
    let written = 0
    let done = false
    const ended = tool.ended.finally(() => {
      done = true
    })
    while (!done) {
      await session.query('insert into t values ($1)', [written])
      written++
    }
    expect((await ended).exit).toBe(0)
    const [directory = ''] = kept()
    const rows = readManifest(directory).databases[0]?.inventory.tables[0]?.rows ?? 0
    expect(rows).toBeGreaterThanOrEqual(1000)
    expect(rows).toBeLessThan(1000 + written)
  })

  it('proves what a dump makes in another way: no public, generated names, inherited columns, a template', async () => {
    await create('bk_odd')
    await postgres.psql(
      'bk_odd',
      `drop schema public; create schema app;
       create table app.parent (id int primary key) partition by range (id);
       create table app.part_1 partition of app.parent for values from (0) to (10);
       create table app.part_2 partition of app.parent for values from (10) to (20);
       create table app.refers (id int constraint refers_id_fkey1 check (id > 0));
       alter table app.refers add foreign key (id) references app.parent;
       alter table app.refers drop constraint refers_id_fkey1;
       create table app.child_of (first int, primary key (first)); create table app.child (own int) inherits (app.child_of);
       alter table app.child_of add column later text;
       insert into app.parent values (1), (11); insert into app.refers values (11); insert into app.child values (1, 2, 'x')`,
    )
    await postgres.psql('postgres', 'alter database bk_odd is_template true')
    try {
      using files = project(['bk_odd'])
      const made = await backup(files)
      expect(made, made.stderr).toMatchObject({ exit: 0 })
    } finally {
      await postgres.psql('postgres', 'alter database bk_odd is_template false')
    }
  })

  it('is proven though a sequence moves while tables are still counted and its dump is done', async () => {
    await create('bk_moving')
    await postgres.psql(
      'bk_moving',
      `create table a_large as select generate_series(1, 3000000) as id;
       create table z_last (id bigint generated always as identity, note text);
       insert into z_last (note) values ('a')`,
    )
    using files = project(['bk_moving'])
    await using session = await openSession({ ...postgres, password }, 'bk_moving')
    const tool = startTool(['backup', 'dev'], { cwd: files.directory })
    const held = `select from pg_locks l join pg_stat_activity a using (pid)
      where l.relation = 'z_last'::regclass and a.application_name like '% dump'`
    while (tool.child.exitCode === null && (await session.query(held)).rowCount === 0);
    // Waits for pg_dump to end, and the count waits for this.
    await session.query("begin; set local lock_timeout = '60s'; lock table z_last in access exclusive mode")
    for (let moved = 0; moved < 5; moved++) await session.query("insert into z_last (note) values ('b')")
    await session.query('commit')
    expect(await tool.ended).toMatchObject({ exit: 0 })
  })

  it('outlives a transaction_timeout of the database', async () => {
    await create('bk_timed')
    await postgres.psql(
      'bk_timed',
      'create table t as select md5(g::text) as a, md5((-g)::text) as b from generate_series(1, 500000) g',
    )
    await postgres.psql('bk_timed', "alter database bk_timed set transaction_timeout = '100ms'")
    using files = project(['bk_timed'])
    const { exit, stderr } = await backup(files)
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
  })

  it('keeps the newest that retain.backups says, and touches no other directory', async () => {
    await create('bk_retain')
    using files = project(['bk_retain'], (config) => {
      config.retain = { backups: 2 }
    })
    for (let count = 0; count < 3; count++) expect(await backup(files)).toMatchObject({ exit: 0 })
    expect(kept()).toHaveLength(2)
    const [oldest = ''] = kept().sort()
    const { stderr } = await backup(files)
    expect(stderr).toContain('retain.backups')
    expect(stderr).toContain(`removed ${oldest}`)
    expect(kept()).toHaveLength(2)
  })

  it('counts as kept when an older one cannot be removed, and shows the command that does', async () => {
    await create('bk_stays')
    using files = project(['bk_stays'], (config) => {
      config.retain = { backups: 1 }
    })
    expect(await backup(files)).toMatchObject({ exit: 0 })
    const [oldest = ''] = kept()
    // As good as another user's: not even root removes it.
    await run('mount', ['-t', 'tmpfs', 'tmpfs', oldest])
    try {
      const { exit, stderr } = await backup(files)
      expect({ exit, stderr }).toMatchObject({ exit: 0 })
      expect(stderr).toMatch(new RegExp(`${oldest} stays: .*; to remove it: sudo rm -r ${oldest}\n`))
      expect(kept()).toHaveLength(2)
    } finally {
      await run('umount', [oldest])
    }
  })

  it('names the managed databases that are not on the server', async () => {
    await create('bk_there')
    using files = project(['bk_there', 'bk_nowhere'])
    const { exit, stderr } = await backup(files)
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    expect(stderr).toContain('not in it, since not on the server: bk_nowhere')
  })

  it('is looked at by doctor: its age, and that not everyone may read it', async () => {
    await create('bk_doctor')
    using files = project(['bk_doctor'], (config) => {
      config.environments.other = { ...config.environments.dev, suffix: '_other' }
    })
    const check = async () => {
      const { stdout } = await runTool(['doctor', 'dev', '--json'], { cwd: files.directory })
      const { checks } = doctorDocument.parse(JSON.parse(stdout))
      return checks.find(({ title }) => title === 'backups')
    }
    expect(await check()).toMatchObject({
      status: 'warning',
      finding: 'none yet',
      remedy: 'po-migrate backup dev',
    })
    expect(await backup(files)).toMatchObject({ exit: 0 })
    const [directory = ''] = kept()
    expect(await check()).toMatchObject({ status: 'ok', finding: `1, the newest 0 h ago: ${directory}` })
    const dump = join(directory, 'bk_doctor.dump')
    chmodSync(dump, 0o644)
    expect(await check()).toMatchObject({ status: 'failed', remedy: `chmod o-rwx ${dump}` })
    chmodSync(dump, 0o640)
    const date = (path: string, takenAt: Date, sequence = readManifest(path).sequence): void =>
      writeFileSync(join(path, 'manifest.json'), JSON.stringify({ ...readManifest(path), takenAt, sequence }))
    date(directory, new Date(Date.now() - 9 * 24 * 60 * 60 * 1000))
    expect(await check()).toMatchObject({
      status: 'warning',
      finding: expect.stringContaining('the newest 9 days ago'),
    })
    // As a cutover names what it takes of the whole host.
    const ofHost = join(state, 'shop', 'backups', 'local-20260101T000000-abcdef')
    cpSync(directory, ofHost, { recursive: true })
    chmodSync(ofHost, 0o770)
    const { sequence = 0 } = readManifest(directory)
    date(ofHost, new Date(), sequence + 1)
    expect(await check()).toMatchObject({ status: 'ok', finding: `2, the newest 0 h ago: ${ofHost}` })
    chmodSync(join(ofHost, 'globals.sql'), 0o644)
    expect(await check()).toMatchObject({ status: 'failed' })
  })

  it('reaches a server that listens on another port', async () => {
    await using other = await startPostgres()
    await other.psql('postgres', 'create database bk_port')
    await other.psql('postgres', 'alter system set port = 5433')
    await docker(['restart', other.container])
    using files = makeProject({
      network: other.network,
      store: { bk_port: { '00001_a.sql': '' } },
      edit: (config) => {
        config.state = state
        config.environments.dev.port = 5433
      },
    })
    const made = await backup(files)
    expect(made, made.stderr).toMatchObject({ exit: 0 })
    const [directory = ''] = kept()
    const restored = await runTool(['restore', 'dev', '--from', directory], { cwd: files.directory })
    expect(restored, restored.stderr).toMatchObject({ exit: 0 })
  })

  it('is refused for an environment without a database, and for the embedded engine', async () => {
    using none = project(['bk_never'])
    expect(await backup(none)).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('there is nothing to back up'),
    })
    using embedded = project(['bk_never'], (config) => {
      config.environments.dev = { engine: 'embedded' }
    })
    for (const args of [
      ['backup', 'dev'],
      ['restore', 'dev', '--from', 'x'],
    ])
      expect(await runTool(args, { cwd: embedded.directory })).toMatchObject({
        exit: 2,
        stderr: expect.stringContaining('embedded engine'),
      })
  })
})

/** Data that take pg_dump a while, whatever the machine. */
const fillSlowly = (database: string): Promise<string> =>
  postgres.psql(
    database,
    `create table big as select md5(random()::text) || md5(random()::text) as noise from generate_series(1, 600000)`,
  )

const dumping = (tool: ToolProcess, database: string): Promise<unknown> =>
  eventually(
    'the dump to run',
    async () => (tool.child.exitCode === null ? (await dumpsOf(database)) === '1' : undefined),
    60_000,
  )

describe('a backup that does not end well', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'cut short by %s is %i, and leaves no pg_dump, no backend, no directory and no container',
    async (signal, code) => {
      await create('bk_cut')
      await fillSlowly('bk_cut')
      using files = project(['bk_cut'])
      const tool = startTool(['backup', 'dev'], { cwd: files.directory })
      await dumping(tool, 'bk_cut')
      tool.child.kill(signal)
      const { exit, stderr } = await tool.ended
      expect({ exit, stderr }).toMatchObject({ exit: code })
      expect(stderr).toContain('no backup was kept')
      await eventually('pg_dump to be gone', async () => !(await processes()).includes('pg_dump'))
      await eventually('its backend to be gone', async () => (await dumpsOf('bk_cut')) === '0')
      expect(kept()).toEqual([])
      expect(await containersOf('bk_cut')).toBe('')
    },
  )

  it('killed outright leaves what the next backup finds and removes, scratch server included', async () => {
    await create('bk_killed')
    await fillSlowly('bk_killed')
    using files = project(['bk_killed'])
    const first = startTool(['backup', 'dev'], { cwd: files.directory })
    await dumping(first, 'bk_killed')
    first.child.kill('SIGKILL')
    await first.ended
    expect(kept().map((path) => path.endsWith('.partial'))).toEqual([true])
    const second = startTool(['backup', 'dev'], { cwd: files.directory })
    const scratch = await eventually(
      'the scratch server',
      async () => (await containersOf('bk_killed')) || undefined,
      60_000,
    )
    second.child.kill('SIGKILL')
    await second.ended
    const { exit, stderr } = await backup(files)
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    expect(stderr).toMatch(/removed .*\.partial, which a run that died had left/)
    expect(kept()).toHaveLength(1)
    expect(await containersOf('bk_killed')).not.toContain(scratch)
    const history = await runTool(['history', 'dev', '--json'], { cwd: files.directory })
    expect(JSON.parse(history.stdout).runs.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'running',
      'running',
      'done',
    ])
  })

  const onSmallDisk = async (size: string, act: (files: Project, disk: string) => Promise<void>) => {
    await create('bk_full')
    await fillSlowly('bk_full')
    const small = join(state, 'small')
    await run('mkdir', [small])
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', small])
    expect(mounted.stderr).toBe('')
    using files = project(['bk_full'], (config) => {
      config.state = small
    })
    try {
      await act(files, small)
    } finally {
      await run('umount', [small])
    }
  }

  it('for want of room is refused with 4 before it begins', () =>
    onSmallDisk('2m', async (files, disk) => {
      const { exit, stderr } = await backup(files)
      expect({ exit, stderr }).toMatchObject({ exit: 4 })
      expect(stderr).toMatch(new RegExp(`${disk} has not enough room: .* are needed, .* are free`))
      expect(readdirSync(join(disk, 'shop'))).not.toContain('backups')
    }))

  it('on a disk that fills up meanwhile names the file and the cause, and leaves nothing', () =>
    onSmallDisk('50m', async (files, disk) => {
      const tool = startTool(['backup', 'dev'], { cwd: files.directory })
      await dumping(tool, 'bk_full')
      await run('dd', ['if=/dev/zero', `of=${join(disk, 'other')}`, 'bs=64k'])
      const { exit, stderr } = await tool.ended
      expect({ exit, stderr }).toMatchObject({ exit: 1 })
      expect(stderr).toMatch(/bk_full\.dump cannot be written: no space is left there\./)
      expect(stderr).toContain('→ df -h ')
      expect(stderr).toContain('no backup was kept')
      expect(readdirSync(join(disk, 'shop', 'backups'))).toEqual([])
      await eventually('pg_dump to be gone', async () => !(await processes()).includes('pg_dump'))
    }))

  it('whose dump cannot be restored is not kept, with pg_restore in its own words', async () => {
    await create('bk_unproven')
    // A check that calls a function which reads a table: sound here, and not while the dump is loaded.
    await postgres.psql(
      'bk_unproven',
      `create table limits (most int); insert into limits values (10);
       create function fits(amount int) returns boolean language sql as 'select amount <= (select most from limits)';
       create table amounts (amount int check (fits(amount)));
       insert into amounts values (5);`,
    )
    using files = project(['bk_unproven'])
    const { exit, stderr } = await backup(files)
    expect({ exit, stderr }).toMatchObject({ exit: 1 })
    expect(stderr).toMatch(/pg_restore: error: .*limits/)
    expect(stderr).toContain('no backup was kept')
    expect(kept()).toEqual([])
    expect(await containersOf('bk_unproven')).toBe('')
  })
})
