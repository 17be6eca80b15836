import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { doctorDocument } from '../../src/report/documents.ts'
import { docker, eventually, run, uniqueName } from '../support/engine/docker.ts'
import { dbmateImage } from '../support/engine/images.ts'
import { closeGate } from '../support/postgres/gate.ts'
import { openSession } from '../support/postgres/session.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project, type ProjectConfig } from '../support/tool/project.ts'
import { runTool, type ToolOptions, type ToolResult } from '../support/tool/tool.ts'

const postgres = usePostgres()

type Store = Record<string, string>

/** One database, in an environment where all is well. */
const project = (database: string, store?: Store, edit?: (config: ProjectConfig) => void): Project => {
  const files = makeProject({
    network: postgres.network,
    store: { [database]: store ?? { '00001_a.sql': migration('create table a (id int);') } },
    state: 'state',
    edit,
  })
  chmodSync(join(files.directory, 'infrastructure/postgres.env'), 0o600)
  return files
}

const tool = (
  { directory }: Project,
  args: string,
  options: Omit<ToolOptions, 'cwd'> = {},
): Promise<ToolResult> => runTool(args.split(' '), { cwd: directory, ...options })

const checksOf = async (files: Project, options: Omit<ToolOptions, 'cwd'> = {}) => {
  const { exit, stdout } = await tool(files, 'doctor dev --json', options)
  return { exit, checks: doctorDocument.parse(JSON.parse(stdout)).checks }
}

const check = async (files: Project, title: string, options: Omit<ToolOptions, 'cwd'> = {}) =>
  (await checksOf(files, options)).checks.find((result) => result.title === title)

describe('doctor, where all is well', () => {
  it('finds every part in order, and answers 0', async () => {
    using files = project('doc_well')
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    const { exit, checks } = await checksOf(files)
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([])
    expect(exit).toBe(0)
    const titles = checks.map(({ title }) => title)
    for (const title of [
      'state directory',
      'host lock',
      'lock',
      'left behind',
      'unfinished work',
      'invalid indexes',
    ])
      expect(titles).toContain(title)
    expect(checks.find(({ title }) => title === 'lock')?.finding).toBe('free')
  })

  it('looks at a database that does not exist yet without making it', async () => {
    using files = project('doc_new')
    expect(await checksOf(files)).toMatchObject({ exit: 0 })
    expect(
      await postgres.psql('postgres', "select count(*) from pg_database where datname = 'doc_new'"),
    ).toBe('0')
  })
})

describe('the state directory', () => {
  let files: Project
  let state: string
  beforeEach(() => {
    files = project('doc_state')
    state = join(files.directory, 'infrastructure/state')
  })
  afterEach(() => files[Symbol.dispose]())

  it('is made for the owner alone on a host without ssh', async () => {
    const found = await check(files, 'state directory')
    expect(found).toEqual({
      environment: 'dev',
      title: 'state directory',
      status: 'ok',
      finding: `${state}, mode 0700`,
    })
  })

  it.each([0o777, 0o701, 0o704])(
    'is warned of when everyone may enter (mode %o), and the remedy works',
    async (mode) => {
      mkdirSync(state)
      chmodSync(state, mode)
      const { exit, checks } = await checksOf(files)
      const found = checks.find(({ title }) => title === 'state directory')
      expect(found).toMatchObject({ status: 'warning', remedy: `chmod o-rwx ${state}` })
      expect(exit).toBe(0)
      const text = await tool(files, 'doctor dev')
      expect(text.stdout).toContain(`→ chmod o-rwx ${state}`)
      expect(text.stdout).toMatch(/all checks passed, 1 warning\n$/)
      await run('sh', ['-c', found?.remedy ?? 'false'])
      expect(await check(files, 'state directory')).toMatchObject({ status: 'ok' })
    },
  )

  it('is not made on a server: the line that makes it is printed, for where nothing else is said too', async () => {
    using server = project('doc_server', undefined, (config) => {
      config.hosts = { local: { ssh: 'deploy@vps', machine: 'test-machine' } }
    })
    const own = join(server.directory, 'infrastructure/state')
    expect(await check(server, 'state directory')).toMatchObject({
      status: 'failed',
      finding: `The state directory ${own} does not exist.`,
      remedy: `sudo install -d -m 2770 -g docker ${own}`,
    })
    expect(await check(server, 'host lock')).toMatchObject({ status: 'skipped' })
    mkdirSync(own)
    chmodSync(own, 0o2770)
    expect(await check(server, 'state directory')).toMatchObject({
      status: 'ok',
      finding: `${own}, mode 2770`,
    })
    rmSync(own, { recursive: true })
  })

  it('says that runs go without the lock of the host where flock is missing', async () => {
    const { PATH } = process.env
    expect(await check(files, 'host lock')).toMatchObject({ finding: expect.stringContaining('flock') })
    const bin = join(files.directory, 'bin')
    mkdirSync(bin)
    const cli = (await run('sh', ['-c', 'command -v docker'], { env: { PATH } })).stdout.trim()
    await run('ln', ['-s', cli, join(bin, 'docker')])
    expect(await check(files, 'host lock', { env: { PATH: bin } })).toMatchObject({
      status: 'warning',
      finding: 'there is no flock: runs go without the lock of the host',
    })
  })
})

describe('the env file', () => {
  it('is warned of on a laptop when everyone may read it', async () => {
    using files = project('doc_env')
    const file = join(files.directory, 'infrastructure/postgres.env')
    chmodSync(file, 0o644)
    expect(await check(files, 'password')).toMatchObject({ status: 'warning', remedy: `chmod o-rwx ${file}` })
  })

  it('fails the check when everyone may read it where a confirmation is asked for, and the remedy works', async () => {
    using files = project('doc_env', undefined, (config) => {
      config.environments.dev.confirm = true
    })
    const file = join(files.directory, 'infrastructure/postgres.env')
    chmodSync(file, 0o644)
    const found = await check(files, 'password')
    expect(found).toMatchObject({ status: 'failed', remedy: `chmod o-rwx ${file}` })
    await run('sh', ['-c', found?.remedy ?? 'false'])
    expect(await check(files, 'password')).toMatchObject({ status: 'ok' })
  })
})

describe('a run that is alive', () => {
  it('is named as the holder of the lock, and nothing of it counts as left behind or unfinished', async () => {
    await using gate = await closeGate(postgres)
    using files = project('doc_alive', {
      '00001_a.sql': `-- migrate:up transaction:false\n${gate.sql}\n-- migrate:down\n`,
    })
    const process = startTool(['up', 'dev'], { cwd: files.directory })
    await gate.reached()
    const { exit, checks } = await checksOf(files)
    const found = Object.fromEntries(checks.map(({ title, status, finding }) => [title, { status, finding }]))
    expect(found.lock).toEqual({
      status: 'ok',
      finding: expect.stringMatching(
        new RegExp(
          `^doc_alive held by \\S+@\\S+, pid ${process.child.pid}, ".*up dev", since \\d\\d:\\d\\d:\\d\\d UTC$`,
        ),
      ),
    })
    expect(found['left behind']).toEqual({ status: 'ok', finding: 'nothing' })
    expect(found['unfinished work']).toEqual({
      status: 'ok',
      finding: 'none (not looked at while held: doc_alive)',
    })
    expect(exit).toBe(0)
    await gate.open()
    expect(await process.ended).toMatchObject({ exit: 0 })
  })
})

describe('what a dead run left', () => {
  it('is a container, until the remedy has removed it', async () => {
    using files = project('doc_left')
    const name = uniqueName('left')
    const labels = [
      ...['--label', 'po-migrate.run=20260101T000000-abcdef', '--label', 'po-migrate.environment=dev'],
      ...['--label', 'po-migrate.databases=doc_left,doc_other'],
      ...['--label', `po-migrate.server=${postgres.container}`],
    ]
    await docker(['create', '--name', name, ...labels, dbmateImage, '--version'])
    try {
      expect(await check(files, 'left behind')).toEqual({
        environment: 'dev',
        title: 'left behind',
        status: 'failed',
        finding: `a run that died left container ${name}`,
        remedy: 'po-migrate lock release dev',
      })
      expect(await check(files, 'unfinished work')).toMatchObject({ status: 'skipped' })
      expect(await tool(files, 'lock release dev')).toMatchObject({ exit: 0 })
      expect((await run('docker', ['inspect', name])).exit).toBe(1)
      expect(await check(files, 'left behind')).toMatchObject({ status: 'ok', finding: 'nothing' })
    } finally {
      await run('docker', ['rm', '--force', name])
    }
  })
})

describe('INVALID indexes', () => {
  it('are named with the command that drops each, also where no migration knows them; it works when pasted', async () => {
    using files = project('doc_invalid')
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql('doc_invalid', 'create schema app')
    await postgres.psql('doc_invalid', 'create table app.twice (id int)')
    await postgres.psql('doc_invalid', 'insert into app.twice values (1), (1)')
    const build = (name: string) =>
      postgres.psql('doc_invalid', `create unique index concurrently ${name} on app.twice (id)`)
    await expect(build('"Odd name"')).rejects.toThrow('could not create unique index')
    await expect(build('plain')).rejects.toThrow('could not create unique index')
    const found = await check(files, 'invalid indexes')
    expect(found).toMatchObject({
      status: 'failed',
      finding: expect.stringContaining('app."Odd name" in doc_invalid'),
    })
    const commands = found?.remedy?.split('\n') ?? []
    expect(commands).toHaveLength(2)
    const text = await tool(files, 'doctor dev')
    for (const command of commands) {
      expect(text.stdout).toContain(`    → ${command}\n`)
      expect(await run('sh', ['-c', command])).toMatchObject({ exit: 0, stdout: 'DROP INDEX\n' })
    }
    expect(await check(files, 'invalid indexes')).toMatchObject({ status: 'ok', finding: 'none' })
  })

  it('are neither those that are being built, nor a partitioned one whose partitions are not done', async () => {
    using files = project('doc_building')
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql('doc_building', 'create table parts (id int) partition by range (id)')
    await postgres.psql('doc_building', 'create table parts_1 partition of parts for values from (0) to (9)')
    await postgres.psql('doc_building', 'create index parts_id on only parts (id)')
    await using app = await openSession(postgres, 'doc_building')
    await app.query('begin; insert into a values (1);')
    const building = postgres.psql('doc_building', 'create index concurrently a_id on a (id)')
    await eventually(
      'the build to wait',
      async () =>
        (await postgres.psql('doc_building', 'select count(*) from pg_index where not indisvalid')) === '2' ||
        undefined,
    )
    expect(await check(files, 'invalid indexes')).toMatchObject({ status: 'ok', finding: 'none' })
    await app.query('rollback')
    await building
  })
})

describe('the server', () => {
  it('of which template1 is of another version of the collations is found, and the remedy lets up create a database', async () => {
    using files = project('doc_collation')
    await postgres.psql(
      'postgres',
      "update pg_database set datcollversion = '1.0' where datname = 'template1'",
    )
    try {
      const found = await check(files, 'collations')
      expect(found).toMatchObject({
        status: 'failed',
        finding: expect.stringContaining('template1 is of version 1.0, the system has'),
        remedy: expect.stringContaining('alter database "template1" refresh collation version'),
      })
      const refused = await tool(files, 'up dev')
      expect(refused.exit).toBe(1)
      expect(refused.stderr).toContain(found?.remedy)
      expect(await run('sh', ['-c', found?.remedy ?? 'false'])).toMatchObject({ exit: 0 })
      expect(await check(files, 'collations')).toMatchObject({ status: 'ok' })
      expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    } finally {
      await postgres.psql('postgres', 'alter database template1 refresh collation version')
    }
  })

  it('of which a managed database or a collation in it is of another version is warned of, and the remedy works', async () => {
    using files = project('doc_sorted', {
      '00001_a.sql': migration(`create collation mine (provider = icu, locale = 'de');
        create table a (name text collate mine); create index on a (name);`),
    })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql(
      'postgres',
      "update pg_database set datcollversion = '1.0' where datname = 'doc_sorted'",
    )
    await postgres.psql('doc_sorted', "update pg_collation set collversion = '1.0' where collname = 'mine'")
    const found = await check(files, 'collations')
    expect(found).toMatchObject({ status: 'warning' })
    expect(found?.finding).toMatch(
      /doc_sorted is of version 1\.0.*; public\.mine in doc_sorted is of version 1\.0/,
    )
    expect(await run('sh', ['-ec', found?.remedy ?? 'false'])).toMatchObject({ exit: 0 })
    expect(await check(files, 'collations')).toMatchObject({ status: 'ok' })
  })

  it('with databases of which a DROP was cut short names each with its line, once', async () => {
    using files = project('doc_dropped')
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql('postgres', 'create database doc_others')
    await postgres.psql(
      'postgres',
      "update pg_database set datconnlimit = -2 where datname in ('doc_dropped', 'doc_others')",
    )
    const { checks } = await checksOf(files)
    expect(checks.find(({ title }) => title === 'invalid databases')).toMatchObject({
      status: 'warning',
      finding: expect.stringMatching(/^doc_dropped, doc_others: a DROP DATABASE was cut short/),
    })
    expect(checks.filter(({ status }) => status === 'failed').map(({ title }) => title)).toEqual([
      'databases',
    ])
    const found = await check(files, 'invalid databases')
    expect(await run('sh', ['-ec', found?.remedy ?? 'false'])).toMatchObject({ exit: 0 })
    expect(await check(files, 'invalid databases')).toMatchObject({ status: 'ok' })
  })

  it('with an event trigger that lets no migration through is found, and the remedy works; a harmless one is named', async () => {
    using files = project('doc_trigger')
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql(
      'doc_trigger',
      `create function no() returns event_trigger language plpgsql as $$ begin raise 'not in office hours'; end $$;
       create function yes() returns event_trigger language plpgsql as $$ begin end $$;
       create event trigger harmless on sql_drop execute function yes();`,
    )
    expect(await check(files, 'event triggers')).toMatchObject({
      status: 'ok',
      finding: expect.stringContaining('harmless (sql_drop) in doc_trigger'),
    })
    await postgres.psql(
      'doc_trigger',
      'create event trigger "No DDL" on ddl_command_end execute function no()',
    )
    const found = await check(files, 'event triggers')
    expect(found).toMatchObject({
      status: 'failed',
      finding: expect.stringMatching(
        /"No DDL".* in doc_trigger let no migration through: not in office hours/,
      ),
    })
    expect(await run('sh', ['-ec', found?.remedy ?? 'false'])).toMatchObject({ exit: 0 })
    expect(await check(files, 'event triggers')).toMatchObject({ status: 'ok' })
  })

  it('that lets nobody into a database by a trigger at the login is found, and the remedy works', async () => {
    using files = project('doc_login')
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql(
      'doc_login',
      `create function closed() returns event_trigger language plpgsql as $$ begin raise 'closed for today'; end $$;
       create event trigger at_login on login execute function closed()`,
    )
    const found = await check(files, 'databases')
    expect(found).toMatchObject({ status: 'failed', finding: expect.stringContaining('closed for today') })
    expect(await run('sh', ['-ec', found?.remedy ?? 'false'])).toMatchObject({ exit: 0 })
    expect(await check(files, 'databases')).toMatchObject({ status: 'ok' })
  })
})
