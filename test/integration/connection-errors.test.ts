import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { openSession } from '../support/postgres/session.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project, type ProjectConfig } from '../support/tool/project.ts'
import { runTool, type ToolResult } from '../support/tool/tool.ts'

const postgres = usePostgres()

const table = { '00001_a.sql': migration('create table a (id int);', 'drop table a;') }

const project = (names: readonly string[], edit?: (config: ProjectConfig) => void): Project =>
  makeProject({
    network: postgres.network,
    store: Object.fromEntries(names.map((name) => [name, table])),
    state: 'state',
    edit: (config) => {
      config.project = 'connections'
      edit?.(config)
    },
  })

const as =
  (user: string) =>
  (config: ProjectConfig): void => {
    config.environments.dev.user = user
  }

const tool = ({ directory }: Project, args: string): Promise<ToolResult> =>
  runTool(args.split(' '), { cwd: directory })

/** What a person does with the command that is printed, the one that has these words: hand it to a shell. */
const pasteFrom = async ({ stdout, stderr }: ToolResult, words = ''): Promise<void> => {
  const commands = [...(stdout + stderr).matchAll(/→ (docker exec .*)/g)].map(([, command = '']) => command)
  const command = commands.find((one) => one.includes(words))?.split(', then: ')[0]
  const result = await run('sh', ['-c', command ?? 'false'])
  expect({ command, ...result }).toMatchObject({ exit: 0 })
}

/** Puts a line before all others of pg_hba.conf, for the time of a test. */
const withHba = async (line: string) => {
  const reload = () => postgres.psql('postgres', 'select pg_reload_conf()')
  const file = '/var/lib/postgresql/data/pg_hba.conf'
  const shell = (script: string) => docker(['exec', postgres.container, 'sh', '-c', script])
  await shell(`cp ${file} ${file}.kept; { echo '${line}'; cat ${file}.kept; } >${file}`)
  await reload()
  return {
    [Symbol.asyncDispose]: async () => {
      await shell(`cat ${file}.kept >${file}`)
      await reload()
    },
  }
}

describe('a role that Postgres refuses', () => {
  it('because it may not log in is told so, with the line that lets it', async () => {
    await postgres.psql('postgres', "create role no_login superuser nologin password 'postgres'")
    using files = project(['refused'], as('no_login'))
    const refused = await tool(files, 'plan dev')
    expect(refused).toMatchObject({ exit: 6, stderr: expect.stringContaining('does not let "no_login" in') })
    expect(refused.stderr).not.toMatch(/docker logs|refused the password/)
    await pasteFrom(refused)
    expect(await tool(files, 'plan dev')).toMatchObject({ exit: 0 })
  })

  it.each([
    { line: 'host all no_host all reject', what: 'a line that rejects' },
    {
      line: 'hostssl all no_host all scram-sha-256\nhost all no_host all reject',
      what: 'a line for TLS alone',
    },
  ])('by $what of pg_hba.conf is told so, with the query that shows the lines', async ({ line }) => {
    await postgres.psql('postgres', "create role no_host superuser login password 'postgres'")
    try {
      await using _ = await withHba(line)
      using files = project(['refused'], as('no_host'))
      const refused = await tool(files, 'plan dev')
      expect(refused).toMatchObject({
        exit: 6,
        stderr: expect.stringMatching(/pg_hba\.conf of Postgres on \S+ does not let "no_host" in from here/),
      })
      expect(refused.stderr).not.toMatch(/docker logs|refused the password/)
      await pasteFrom(refused)
    } finally {
      await postgres.psql('postgres', 'drop role no_host')
    }
  })

  it('because it has its sessions already is told so, with the query that shows them', async () => {
    await postgres.psql('postgres', "create role no_more login connection limit 0 password 'postgres'")
    await postgres.psql('postgres', 'grant pg_read_all_stats to no_more')
    using files = project(['refused'], as('no_more'))
    const refused = await tool(files, 'plan dev')
    expect(refused).toMatchObject({ exit: 6, stderr: expect.stringContaining('takes no more sessions') })
    expect(refused.stderr).not.toContain('docker logs')
  })

  it('in one database is told so, with the grant', async () => {
    await postgres.psql('postgres', "create role no_connect login createdb password 'postgres'")
    await postgres.psql('postgres', 'create database walled')
    await postgres.psql('postgres', 'revoke connect on database walled from public')
    using files = project(['walled'], as('no_connect'))
    const refused = await tool(files, 'plan dev')
    expect(refused).toMatchObject({
      exit: 6,
      stderr: expect.stringContaining('does not let "no_connect" into walled'),
    })
    await pasteFrom(refused)
    expect(await tool(files, 'plan dev')).toMatchObject({ exit: 0 })
  })
})

describe('a database', () => {
  const breakOff = (database: string) =>
    postgres.psql('postgres', `update pg_database set datconnlimit = -2 where datname = '${database}'`)

  it('whose DROP DATABASE was cut short is 4 with the line that drops it; the others are shown', async () => {
    using files = project(['sound', 'broken'])
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    await breakOff('broken')
    const status = await tool(files, 'status dev')
    expect(status.stdout).toContain('broken on')
    expect(status.stdout).toMatch(/sound[\s\S]*00001_a\.sql/)
    const refused = await tool(files, 'up dev')
    expect(refused).toMatchObject({ exit: 4, stderr: expect.stringContaining('DROP DATABASE "broken"') })
    await pasteFrom(refused)
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('broken')).toBe('00001')
  })

  it('whose DROP DATABASE was cut short is replaced by restore', async () => {
    using files = project(['halved'])
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await tool(files, 'backup dev')).toMatchObject({ exit: 0 })
    await breakOff('halved')
    const backups = join(files.directory, 'infrastructure/state/connections/backups')
    const [name = ''] = readdirSync(backups, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('manifest.json'),
    )
    const from = join(backups, name, '..')
    const restored = await tool(files, `restore dev --from ${from} --db halved`)
    expect(restored).toMatchObject({ exit: 0 })
    expect(await postgres.versions('halved')).toBe('00001')
  })

  it('that takes no connections is 4 with the line that opens it', async () => {
    await postgres.psql('postgres', 'create database shut allow_connections false')
    using files = project(['shut'])
    const refused = await tool(files, 'up dev')
    expect(refused).toMatchObject({ exit: 4, stderr: expect.stringContaining('shut on') })
    expect(refused.stderr).not.toContain('docker logs')
    await pasteFrom(refused)
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
  })
})

describe('a server', () => {
  it('with few sessions for everybody is enough for an environment of many databases', async () => {
    await postgres.psql('postgres', 'alter system set max_connections = 20')
    await docker(['restart', '--time', '5', postgres.container])
    await eventually('Postgres to be back', () => postgres.psql('postgres', 'select 1').catch(() => ''))
    const names = Array.from({ length: 30 }, (_, index) => `many_${index}`)
    for (const name of names) await postgres.psql('postgres', `create database ${name}`)
    using files = project(names)
    const { exit, stdout, stderr } = await tool(files, 'plan dev')
    expect({ exit, stdout, stderr }).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('many_29'),
    })
  })

  it('that ends what is idle, and statements that take long, ends no session of a run', async () => {
    for (const name of ['idle_session_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout'])
      await postgres.psql('postgres', `alter system set ${name} = '700ms'`)
    await postgres.psql('postgres', 'select pg_reload_conf()')
    try {
      using files = project(['timed'])
      files.migrations({
        timed: { '00002_slow.sql': migration('set local transaction_timeout = 0; select pg_sleep(2);') },
      })
      expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
      expect(await postgres.versions('timed')).toBe('00001 00002')
    } finally {
      await postgres.psql('postgres', 'alter system reset all')
      await postgres.psql('postgres', 'select pg_reload_conf()')
    }
  })
})

describe('a server that takes no sessions', () => {
  const waiting = (seconds: number, network: string) =>
    makeProject({
      network,
      store: { later: table },
      state: 'state',
      edit: (config) => {
        config.environments.dev.wait = seconds
      },
    })
  const inIt = (own: TestPostgres, script: string) =>
    run('docker', ['exec', own.container, 'sh', '-c', script])

  it('while it shuts down is 6 with what it said and how long it was waited for (57P03)', async () => {
    await using own = await startPostgres()
    await using session = await openSession(own, 'postgres')
    await session.query('select 1')
    // Smart: it waits for the session that is there.
    await inIt(own, 'kill -TERM 1')
    using files = waiting(2, own.network)
    const refused = await tool(files, 'up dev')
    expect(refused).toMatchObject({ exit: 6, stderr: expect.stringContaining('is shutting down') })
    expect(refused.stderr).toContain('It was waited for 2 s')
    expect(refused.stderr).toContain('Nothing was touched.')
    expect(refused.stderr).toContain('→ po-migrate doctor dev')
    expect(refused.stderr).not.toContain('docker logs')
  })

  it('while it starts is waited for, and then migrated (57P03)', async () => {
    await using own = await startPostgres()
    const data = '/var/lib/postgresql/data'
    // A standby without hot standby takes none for as long as it is one.
    await inIt(own, `touch ${data}/standby.signal && echo hot_standby=off >>${data}/postgresql.auto.conf`)
    await docker(['restart', own.container])
    using hasty = waiting(2, own.network)
    const refused = await tool(hasty, 'up dev')
    expect(refused).toMatchObject({ exit: 6, stderr: expect.stringContaining('takes no sessions now') })
    expect(refused.stderr).not.toContain('docker logs')
    using files = waiting(60, own.network)
    const running = startTool(['up', 'dev'], { cwd: files.directory })
    await eventually('the run to wait', () => running.stderr().includes('not up yet') || undefined, 60_000)
    // What pg_ctl promote does.
    await inIt(own, `touch ${data}/promote && kill -USR1 1`)
    const waited = await running.ended
    expect(waited, waited.stderr).toMatchObject({ exit: 0 })
    expect(await own.versions('later')).toBe('00001')
  })
})

describe('the database of the locks', () => {
  it('that somebody dropped is 6 with the command that makes it (3D000)', async () => {
    await using own = await startPostgres()
    await own.psql('template1', 'drop database postgres with (force)')
    using files = makeProject({ network: own.network, store: { any: table } })
    const refused = await runTool(['up', 'dev'], {
      cwd: files.directory,
      env: { XDG_STATE_HOME: files.directory },
    })
    expect(refused).toMatchObject({ exit: 6, stderr: expect.stringContaining('has no database "postgres"') })
    expect(refused.stderr).not.toContain('docker logs')
    await pasteFrom(refused)
    expect(
      await runTool(['up', 'dev'], { cwd: files.directory, env: { XDG_STATE_HOME: files.directory } }),
    ).toMatchObject({ exit: 0 })
  })
})

describe('a role whose sessions have limits', () => {
  /** A database of the setting's name, and a role that has it. */
  const limit = async (setting: string): Promise<Project> => {
    const name = setting.split(' ')[0] ?? ''
    await postgres.psql('postgres', `create database ${name}`)
    await postgres.psql('postgres', `create role has_${name} superuser login password 'postgres'`)
    await postgres.psql('postgres', `alter role has_${name} set ${setting}`)
    return project([name], as(`has_${name}`))
  }
  const slow = migration('create table b (id int); select pg_sleep(6);')

  it('has its file ended by statement_timeout: told so, rolled back, and the line that helps', async () => {
    using files = await limit("statement_timeout = '2s'")
    files.migrations({ statement_timeout: { '00002_slow.sql': slow } })
    const failed = await tool(files, 'up dev')
    expect(failed).toMatchObject({ exit: 1, stderr: expect.stringContaining('(57014)') })
    expect(failed.stderr).toContain('00002_slow.sql was rolled back as a whole.')
    expect(failed.stderr).toContain(
      'statement_timeout of "has_statement_timeout", of the database or of the server ended it',
    )
    expect(failed.stderr).toContain('SET LOCAL statement_timeout = 0;')
    expect(await postgres.versions('statement_timeout')).toBe('00001')
    expect(await postgres.psql('statement_timeout', "select to_regclass('b') is null")).toBe('t')
    const lifted = migration('SET LOCAL statement_timeout = 0; create table b (id int); select pg_sleep(3);')
    files.migrations({ statement_timeout: { '00002_slow.sql': lifted } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
  })

  it('has a file outside a transaction ended by it: what lifts it and what puts it back, as they are pasted', async () => {
    await postgres.psql('postgres', 'create database unbound')
    await postgres.psql('postgres', "alter database unbound set statement_timeout = '1s'")
    using files = project(['unbound'])
    files.migrations({
      unbound: {
        '00002_slow.sql': `-- migrate:up transaction:false\nselect pg_sleep(2);\n\n-- migrate:down\n`,
      },
    })
    const failed = await tool(files, 'up dev')
    expect(failed).toMatchObject({ exit: 1, stderr: expect.stringContaining('(57014)') })
    const role = 'alter role "postgres" in database "unbound"'
    await pasteFrom(failed, `${role} set statement_timeout = 0`)
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    await pasteFrom(failed, `${role} reset statement_timeout`)
    expect(await postgres.psql('unbound', 'show statement_timeout')).toBe('1s')
  })

  it('has its session ended by transaction_timeout: told so, and what Postgres holds is what is said', async () => {
    using files = await limit("transaction_timeout = '2s'")
    files.migrations({ transaction_timeout: { '00002_slow.sql': slow } })
    const failed = await tool(files, 'up dev')
    expect(failed).toMatchObject({ exit: 1, stderr: expect.stringContaining('transaction_timeout') })
    expect(failed.stderr).toContain('00002_slow.sql was rolled back as a whole.')
    expect(await postgres.versions('transaction_timeout')).toBe('00001')
    expect(await postgres.psql('transaction_timeout', "select to_regclass('b') is null")).toBe('t')
  })

  it.each([
    "lock_timeout = '1ms'",
    "idle_in_transaction_session_timeout = '1s'",
    "idle_session_timeout = '1s'",
  ])('is migrated all the same with %s', async (setting) => {
    using files = await limit(setting)
    const name = setting.split(' ')[0] ?? ''
    files.migrations({ [name]: { '00002_slow.sql': slow } })
    const done = await tool(files, 'up dev')
    expect(done, done.stderr).toMatchObject({ exit: 0 })
    expect(await postgres.versions(name)).toBe('00001 00002')
  })
})
