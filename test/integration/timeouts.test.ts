import { describe, expect, it } from 'vitest'
import { docker, eventually, run as runCommand } from '../support/engine/docker.ts'
import { openSession } from '../support/postgres/session.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { type RunEvents, readEvents } from '../support/tool/events.ts'
import { makeProject, migration, type Project, type ProjectOptions } from '../support/tool/project.ts'
import { runIn, runTool } from '../support/tool/tool.ts'

/** One server for all tests of this file, which run side by side since they mostly wait: each uses a database of its own. */
const postgres = usePostgres()

const outside = (up: string): string => `-- migrate:up transaction:false\n${up}\n\n-- migrate:down\n`

/** A project whose first file, a table, is applied. */
const project = async (database: string, edit?: ProjectOptions['edit']): Promise<Project> => {
  const files = makeProject({
    network: postgres.network,
    store: { [database]: { '00001_table.sql': migration('create table orders (id int, note text);') } },
    state: 'state',
    edit: (config) => {
      config.environments.dev.lock_timeout = 1
      edit?.(config)
    },
  })
  expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  return files
}

const events = async (files: Project, args: string): Promise<RunEvents> =>
  readEvents(await runIn(files, `${args} --json`))

/** An application in the middle of a transaction. */
const openTransaction = async (database: string, statement: string) => {
  const session = await openSession(postgres, database, 'shop-api')
  await session.query('begin')
  const { rows } = await session.query('select pg_backend_pid() as pid')
  await session.query(statement)
  return Object.assign(session, { pid: rows[0].pid as number })
}

/** How often Postgres ended a statement on this table's account. */
const timeoutsOf = async (statement: string): Promise<number> => {
  const { stdout, stderr } = await runCommand('docker', ['logs', postgres.container])
  const lines = (stdout + stderr).split('\n')
  return lines.filter(
    (line, index) =>
      line.includes('canceling statement due to lock timeout') &&
      lines.slice(index, index + 6).some((next) => next.includes(statement)),
  ).length
}

const waitingIn = async (database: string): Promise<boolean> =>
  (await postgres.psql(
    'postgres',
    `select count(*) from pg_stat_activity where datname = '${database}' and application_name like '% dbmate' and wait_event_type = 'Lock'`,
  )) === '1'

const validity = (database: string, index: string): Promise<string> =>
  postgres.psql(database, `select indisvalid from pg_index where indexrelid = '${index}'::regclass`)

describe.concurrent('a table that an application has locked', () => {
  it('is waited for, tried again, and migrated once it is free', async () => {
    using files = await project('freed')
    files.migrations({
      freed: { '00002_colour.sql': migration('alter table orders add freed_colour text;') },
    })
    const app = await openTransaction('freed', 'lock table orders in access exclusive mode')
    const running = events(files, 'up dev')
    await eventually(
      'the first try to give up',
      async () => (await timeoutsOf('freed_colour')) > 0 || undefined,
    )
    await app.query('commit')
    await app.end()
    const { steps } = await running
    expect(steps).toMatchObject([{ migration: '00002_colour.sql', status: 'done' }])
    expect(await postgres.versions('freed')).toBe('00001 00002')
    expect(
      await postgres.psql('freed', "select outcome from po_migrate.ledger where version = '00002'"),
    ).toBe('done')
  })

  it('is given up after five tries in bounded time, naming the backend in the way, its user and its query', async () => {
    using files = await project('held')
    files.migrations({
      held: {
        '00002_colour.sql': migration('alter table orders add held_colour text;'),
        '00003_later.sql': migration('create table later (id int);'),
      },
    })
    const app = await openTransaction('held', 'lock table orders in access share mode')
    const started = performance.now()
    const { steps, finished } = await events(files, 'up dev')
    const took = (performance.now() - started) / 1000
    expect(finished).toMatchObject({ status: 'failed', exit: 1 })
    expect(steps.map(({ status }) => status)).toEqual(['failed', 'skipped'])
    expect(steps[0]?.error?.message).toContain('canceling statement due to lock timeout (55P03)')
    const blocked = new RegExp(
      `^blocked by backend ${app.pid} \\(postgres, shop-api; idle in transaction for \\d+ s\\): lock table orders in access share mode$`,
    )
    expect(steps[0]?.error?.details).toEqual(
      expect.arrayContaining([
        expect.stringMatching(blocked),
        '5 tries',
        '00002_colour.sql was rolled back as a whole.',
      ]),
    )
    expect(await timeoutsOf('held_colour')).toBe(5)
    // Five waits of a second, and pauses of at most 0.75, 1.5, 3 and 6 s.
    expect(took).toBeGreaterThan(5)
    expect(took).toBeLessThan(25)
    expect(await postgres.versions('held')).toBe('00001')
    // The application was not harmed.
    expect((await app.query('select 1 as alive')).rows).toEqual([{ alive: 1 }])
    await app.end()
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('held')).toBe('00001 00002 00003')
  })

  it('is given up at an interrupt between two tries, which is 130 and no failure of the file', async () => {
    using files = await project('stopped')
    files.migrations({
      stopped: { '00002_colour.sql': migration('alter table orders add stopped_colour text;') },
    })
    const app = await openTransaction('stopped', 'lock table orders in access share mode')
    const interrupt = new AbortController()
    const running = runTool(['up', 'dev'], { cwd: files.directory, interrupt: interrupt.signal })
    await eventually('a try to give up', async () => (await timeoutsOf('stopped_colour')) > 0 || undefined)
    interrupt.abort('SIGINT')
    const { exit, stderr } = await running
    await app.query('rollback')
    await app.end()
    expect(exit).toBe(130)
    expect(stderr).toContain('Interrupted by SIGINT; no further try was made.')
    expect(stderr).toContain('00002_colour.sql was rolled back as a whole.')
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })

  it('is not tried again for a file outside a transaction, which may have done half its work', async () => {
    using files = await project('half')
    files.migrations({ half: { '00002_half.sql': outside('alter table orders add half_colour text;') } })
    const app = await openTransaction('half', 'lock table orders in access exclusive mode')
    const { steps, finished } = await events(files, 'up dev')
    expect(finished.exit).toBe(1)
    expect(steps[0]?.error?.message).toContain('(55P03)')
    expect(steps[0]?.error?.details).toEqual(
      expect.arrayContaining([expect.stringMatching(`^blocked by backend ${app.pid} `)]),
    )
    expect(steps[0]?.error?.details.join('\n')).not.toContain('tries')
    expect(await timeoutsOf('half_colour')).toBe(1)
    await app.end()
  })
})

describe.concurrent('a concurrent index build', () => {
  it('ends well while another run waits for the lock: nobody waits inside the database', async () => {
    using files = await project('built')
    files.migrations({
      built: { '00002_index.sql': outside('create index concurrently built_id on orders (id);') },
    })
    const app = await openTransaction('built', 'insert into orders values (1)')
    const first = runIn(files, 'up dev')
    await eventually(
      'the build to wait for the application',
      async () => (await waitingIn('built')) || undefined,
    )
    const second = runIn(files, 'up dev')
    await eventually('the second run to wait', async () => {
      const sql = `select count(distinct substring(application_name from '^[0-9T]+-[0-9a-f]+')) from pg_stat_activity where datname = 'built' and application_name ~ '^[0-9]{8}T'`
      return Number(await postgres.psql('postgres', sql)) === 2 || undefined
    })
    await app.query('commit')
    await app.end()
    expect(await first).toMatchObject({ exit: 0 })
    const waited = await second
    expect(waited).toMatchObject({ exit: 0, stderr: expect.stringContaining('built is held by') })
    expect(await validity('built', 'built_id')).toBe('t')
    expect(await postgres.versions('built')).toBe('00001 00002')
  })

  it('that gives up leaves an INVALID index; the error says so, and after its pasted command up builds it', async () => {
    using files = await project('broken')
    files.migrations({
      broken: { '00002_index.sql': outside('create index concurrently broken_id on orders (id);') },
    })
    const app = await openTransaction('broken', 'insert into orders values (1)')
    const { steps, finished } = await events(files, 'up dev')
    await app.query('commit')
    await app.end()
    expect(finished.exit).toBe(1)
    const error = steps[0]?.error
    expect(error?.details).toEqual(
      expect.arrayContaining([
        'The index broken_id was left INVALID: it is not used, and slows every write.',
        expect.stringMatching(`^blocked by backend ${app.pid} \\(postgres, shop-api; `),
      ]),
    )
    expect(await validity('broken', 'broken_id')).toBe('f')

    // Not pasted: the next run goes no further, and prints the same command.
    const refused = await runIn(files, 'up dev')
    expect(refused.exit).toBe(4)
    const command = error?.hint?.split(', then: ')[0] ?? ''
    expect(command).toContain(`docker exec ${postgres.name}`)
    expect(refused.stderr).toContain(command)

    expect(await runCommand('bash', ['-c', command])).toMatchObject({ exit: 0 })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await validity('broken', 'broken_id')).toBe('t')
    expect(await postgres.versions('broken')).toBe('00001 00002')
  })
})

describe('a role without rights on the table of versions', () => {
  it('is refused with 4 before anything is touched: dbmate would take every file for pending', async () => {
    using files = await project('owned')
    const role = "create role lowly login password 'postgres'"
    const once = `do $$ begin if not exists (select from pg_roles where rolname = 'lowly') then ${role}; end if; end $$`
    await postgres.psql('postgres', once)
    using lowly = makeProject({
      network: postgres.network,
      store: { owned: { '00001_table.sql': migration('create table orders (id int);') } },
      state: 'state',
      edit: (config) => {
        config.environments.dev.user = 'lowly'
      },
    })
    for (const args of ['up dev', 'status dev']) {
      const { exit, stdout, stderr } = await runIn(lowly, args)
      expect(exit).toBe(4)
      expect(stdout + stderr).toContain('owned: the role may not read and write public.schema_migrations.')
    }
    expect(await postgres.versions('owned')).toBe('00001')
    expect(await postgres.psql('owned', 'select count(*) from po_migrate.ledger')).toBe('1')
    expect(await runIn(files, 'status dev')).toMatchObject({ exit: 0 })
    expect(await docker(['ps', '-aq', '--filter', 'label=po-migrate.databases=owned'])).toBe('')
  })
})
