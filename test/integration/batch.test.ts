import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { docker, eventually } from '../support/engine/docker.ts'
import { closeGate } from '../support/postgres/gate.ts'
import { startPostgres } from '../support/postgres/postgres.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { startTool, type ToolProcess } from '../support/tool/process.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

/** Files of a database that a run makes share a call of dbmate: whatever happens in it is told file by file, as ever. */
const postgres = usePostgres()

const project = (store: Store): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
  })

/** Each row says which session wrote it. */
const seen = 'insert into who (file) values'
const first = migration(
  `create table who (file int, pid int default pg_backend_pid(), at timestamptz default clock_timestamp());\n${seen} (1);`,
)
const row = (file: number): string => migration(`${seen} (${file});`)
const named = (files: readonly string[]): Record<string, string> =>
  Object.fromEntries(files.map((text, index) => [`${String(index + 1).padStart(5, '0')}_file.sql`, text]))

const sessions = (database: string): Promise<string> =>
  postgres.psql(
    database,
    "select string_agg(files, ' | ' order by files) from (select string_agg(file::text, ',' order by file) as files from who group by pid) as one",
  )
const attempts = (database: string): Promise<string> =>
  postgres.psql(
    database,
    "select string_agg(version || ' ' || outcome, ', ' order by id) from po_migrate.ledger",
  )
const containersOf = (database: string): Promise<string> =>
  docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.databases=${database}`])
const backendsOf = (database: string): Promise<string> =>
  postgres.psql(
    'postgres',
    `select count(*) from pg_stat_activity where datname = '${database}' and application_name like '% dbmate'`,
  )

const start = ({ directory }: Project): ToolProcess => startTool(['up', 'dev'], { cwd: directory })

describe('files of a database that is new', () => {
  it('share a session, but for those that change one, and have a row in the ledger each', async () => {
    const set = migration(`set my.setting = 'x';\n${seen} (3);`)
    const asked = migration(
      `insert into who (file) select 4 where current_setting('my.setting', true) is null;`,
    )
    using files = project({ shared: named([first, row(2), set, asked, row(5)]) })
    const { exit, stdout, stderr } = await runIn(files, 'up dev')
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).toContain('5 migrations applied')
    expect(await sessions('shared')).toBe('1,2 | 3 | 4,5')
    expect(await attempts('shared')).toBe('00001 done, 00002 done, 00003 done, 00004 done, 00005 done')
    const timed = 'select count(*) from po_migrate.ledger where duration_ms between 0 and 60000'
    expect(await postgres.psql('shared', timed)).toBe('5')
  })

  it('make the same database as file by file', async () => {
    const store = named([
      migration(
        "create schema app;\ncreate type app.kind as enum ('a', 'b');\ncreate table app.things (id int generated always as identity primary key, kind app.kind not null);",
      ),
      migration(
        "create view app.named as select id from app.things;\ncomment on view app.named is 'set x;';",
      ),
      migration('set local search_path = app;\ncreate table placed (id int references things);'),
      migration('create table unplaced (id int);'),
      migration(
        "create function app.mark() returns trigger language plpgsql as $$ begin perform set_config('app.mark', 'x', false); return new; end $$;\ncreate trigger mark before insert on app.things for each row execute function app.mark();",
      ),
      migration("insert into app.things (kind) values ('a'), ('b');"),
      migration(
        "create table app.marks (mark text default coalesce(nullif(current_setting('app.mark', true), ''), 'none'));\ninsert into app.marks default values;",
      ),
      '-- migrate:up transaction:false\ncreate index concurrently things_kind on app.things (kind);\n\n-- migrate:down\n',
      migration(
        'create extension if not exists pgcrypto;\nalter table app.things add column at timestamptz;',
      ),
      migration(
        'create materialized view app.counted as select count(*) from app.things;\ngrant select on app.counted to public;',
      ),
    ])
    await postgres.psql('postgres', 'create database by_file')
    using files = project({ by_batch: store, by_file: store })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
    const dump = async (database: string): Promise<string> => {
      const args = ['pg_dump', '-U', 'postgres', '--exclude-schema=po_migrate', '--no-comments', database]
      return (await docker(['exec', postgres.container, ...args])).replace(/^\\(?:un)?restrict .*$/gm, '')
    }
    expect(await dump('by_batch')).toBe(await dump('by_file'))
    expect(await postgres.psql('by_batch', 'select mark from app.marks')).toBe('none')
  })

  it('have a session each where the database was there', async () => {
    await postgres.psql('postgres', 'create database there')
    using files = project({ there: named([first, row(2), row(3)]) })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await sessions('there')).toBe('1 | 2 | 3')
  })

  it('tell their steps in order, each with its own time', async () => {
    const slow = migration(`${seen} (2);\ncreate table slow as select pg_sleep(0.5)::text;`)
    using files = project({ told: named([first, slow, row(3)]) })
    const { exit, stdout } = await runIn(files, 'up dev --json')
    expect(exit).toBe(0)
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const steps = events.filter(({ event, kind }) => event?.startsWith('step.') && kind === 'apply-migration')
    expect(steps.map(({ event, migration: file, status }) => [event, file, status])).toEqual(
      ['00001_file.sql', '00002_file.sql', '00003_file.sql'].flatMap((file) => [
        ['step.started', file, undefined],
        ['step.finished', file, 'done'],
      ]),
    )
    expect(await sessions('told')).toBe('1,2,3')
    const times = "select string_agg((duration_ms >= 500)::text, ' ' order by id) from po_migrate.ledger"
    expect(await postgres.psql('told', times)).toBe('false true false')
  })

  it('stop at the one that fails: those before stay, those behind have no row, and it goes on from there', async () => {
    const bad = migration(`${seen} (3);\ninsert into nowhere values (1);`)
    using files = project({ stops: named([first, row(2), bad, row(4), row(5)]) })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain('00003_file.sql failed at line 3: relation "nowhere" does not exist (42P01)')
    expect(stderr).toContain('stops  failed: 00001, 00002 stay applied, 2 not started')
    expect(await attempts('stops')).toBe('00001 done, 00002 done, 00003 failed')
    files.migrations({ stops: { '00003_file.sql': row(3) } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await attempts('stops')).toBe(
      '00001 done, 00002 done, 00003 failed, 00003 done, 00004 done, 00005 done',
    )
    expect(await postgres.psql('stops', 'select count(*) from who')).toBe('5')
  })

  it('run one after the other in several databases, each in its own session', async () => {
    using files = project({ one: named([first, row(2)]), two: named([first, row(2), row(3)]) })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await sessions('one')).toBe('1,2')
    expect(await sessions('two')).toBe('1,2,3')
  })
})

describe('in the middle of files that share a call', () => {
  it('SIGINT lets the running one end and starts no other', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ int: named([first, migration(gate.insert('who (file)')), row(3), row(4)]) })
    const tool = start(files)
    await gate.reached()
    expect(await attempts('int')).toBe('00001 done, 00002 running, 00003 running, 00004 running')
    tool.child.kill('SIGINT')
    await eventually('the tool to say that it heard', () => tool.stderr().includes('again to end it now'))
    await sleep(500)
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(130)
    expect(stderr).toContain('Interrupted by SIGINT; the running step was finished.')
    expect(stderr).toContain('int  stopped: 00001, 00002 stay applied, 2 not started')
    expect(await postgres.versions('int')).toBe('00001 00002')
    expect(await attempts('int')).toBe('00001 done, 00002 done')
    expect(await containersOf('int')).toBe('')
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('int')).toBe('00001 00002 00003 00004')
  })

  it('SIGINT at any moment: what is said to be applied is, and nothing else', async () => {
    for (const wait of [0, 30, 60, 90, 120, 150]) {
      const database = `any_${wait}`
      const short = (file: number): string =>
        migration(`${seen} (${file});\ncreate table t${file} as select pg_sleep(0.05)::text;`)
      using files = project({ [database]: named([first, ...[2, 3, 4, 5, 6, 7, 8, 9].map(short)]) })
      const tool = start(files)
      await eventually(
        'the first file',
        async () =>
          (await postgres.psql(database, 'select 1 from who limit 1').catch(() => '')) === '1' || undefined,
      )
      await sleep(wait)
      tool.child.kill('SIGINT')
      const { exit, stderr } = await tool.ended
      const versions = await postgres.versions(database)
      const rows = await attempts(database)
      expect(rows).toBe(
        versions
          .split(' ')
          .map((version) => `${version} done`)
          .join(', '),
      )
      expect(await postgres.psql(database, 'select count(*) from who')).toBe(
        String(versions.split(' ').length),
      )
      if (exit === 0) expect(versions.split(' ')).toHaveLength(9)
      else {
        expect(exit).toBe(130)
        expect(stderr).toContain(`${9 - versions.split(' ').length} not started`)
      }
    }
  }, 120_000)

  it('a second SIGINT ends the backend, and takes back the running one alone', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ twice: named([first, migration(gate.insert('who (file)')), row(3)]) })
    const tool = start(files)
    await gate.reached()
    tool.child.kill('SIGINT')
    await eventually('the tool to say that it heard', () => tool.stderr().includes('again to end it now'))
    await sleep(1200)
    tool.child.kill('SIGINT')
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(130)
    expect(stderr).toContain('the running step was cut off')
    expect(await backendsOf('twice')).toBe('0')
    expect(await postgres.versions('twice')).toBe('00001')
    expect(await attempts('twice')).toBe('00001 done, 00002 failed')
    expect(await containersOf('twice')).toBe('')
    await gate.open()
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('twice')).toBe('00001 00002 00003')
  })

  it('SIGKILL ends dbmate, too: nothing is applied behind it, and the next run says which file was never started', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ killed: named([first, migration(gate.insert('who (file)')), row(3), row(4)]) })
    const tool = start(files)
    await gate.reached()
    tool.child.kill('SIGKILL')
    await tool.ended
    await eventually(
      'its container to end',
      async () =>
        (await docker(['ps', '--quiet', '--filter', 'label=po-migrate.databases=killed'])) === '' ||
        undefined,
    )
    await eventually('its backend to end', async () => (await backendsOf('killed')) === '0' || undefined)
    await gate.open()
    expect(await postgres.versions('killed')).toBe('00001')
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(0)
    expect(stderr).toContain('00002_file.sql was not applied: Postgres took it back')
    expect(stderr).toContain('00003_file.sql was never started')
    expect(await attempts('killed')).toBe('00001 done, 00002 failed, 00002 done, 00003 done, 00004 done')
  })

  it('the death of dbmate is a failure of the running one alone', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ lost: named([first, migration(gate.insert('who (file)')), row(3)]) })
    const tool = start(files)
    await gate.reached()
    await docker(['kill', await containersOf('lost')])
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(1)
    expect(stderr).toContain('00002_file.sql: dbmate ended before it answered')
    expect(stderr).toContain('Postgres rolled the transaction back')
    expect(await attempts('lost')).toBe('00001 done, 00002 failed')
    await gate.open()
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })

  it('a lock that is lost lets the running one end, starts no other, and is 1', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ unlocked: named([first, migration(gate.insert('who (file)')), row(3)]) })
    const tool = start(files)
    await gate.reached()
    await postgres.psql(
      'postgres',
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '/* po-migrate {%' and pid <> pg_backend_pid()",
    )
    await sleep(1000)
    await gate.open()
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(1)
    expect(stderr).toContain('The session that holds the lock ended, so no further file was started.')
    expect(await postgres.versions('unlocked')).toBe('00001 00002')
    expect(await attempts('unlocked')).toBe('00001 done, 00002 done')
  })

  it('a server that restarts is a failure of the running one alone, and the next run goes on', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ restarted: named([first, migration(gate.insert('who (file)')), row(3)]) })
    const tool = start(files)
    await gate.reached()
    await postgres.psql(
      'postgres',
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '% dbmate'",
    )
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(1)
    expect(stderr).toContain('restarted  failed: 00001 stays applied, 1 not started')
    expect(await attempts('restarted')).toBe('00001 done, 00002 failed')
    await gate.open()
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('restarted')).toBe('00001 00002 00003')
  })

  it('a server that goes away for good leaves what is not known, and the next run settles it', async () => {
    const own = await startPostgres()
    await using gate = await closeGate(own)
    using files = makeProject({
      network: own.network,
      store: { gone: named([first, migration(gate.insert('who (file)')), row(3)]) },
      state: 'state',
      edit: (config) => {
        config.environments.dev.wait = 3
      },
    })
    const tool = start(files)
    await gate.reached()
    await docker(['kill', own.container])
    const { exit, stderr } = await tool.ended
    expect(stderr).toContain(
      'gone: whether 00002_file.sql was applied is not known: Postgres cannot be asked.',
    )
    expect(stderr).toContain('00001 stays applied')
    expect(exit).toBe(1)
    await docker(['start', own.container])
    await eventually('its answer', () => own.psql('gone', 'select 1').catch(() => undefined))
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await own.versions('gone')).toBe('00001 00002 00003')
    await own[Symbol.asyncDispose]()
  })
})
