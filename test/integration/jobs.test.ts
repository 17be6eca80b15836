import { describe, expect, it } from 'vitest'
import { docker, eventually } from '../support/engine/docker.ts'
import { closeGate, type Gate } from '../support/postgres/gate.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { watchSessions } from '../support/postgres/watch-sessions.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool, type ToolProcess } from '../support/tool/process.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (store: Store, edit?: (config: Record<string, unknown>) => void): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
    edit,
  })

const table = migration('create table things (id int);')
const later = migration('create table later (id int);')
const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}_${index + 1}`)

/** Each database is there, stops at the gate in its first file, and has another one behind it. */
const gated = async (
  databases: readonly string[],
  gate: Gate,
  edit?: (config: Record<string, unknown>) => void,
): Promise<Project> => {
  for (const name of databases) await postgres.psql('postgres', `create database ${name}`)
  return project(
    Object.fromEntries(
      databases.map((name) => [
        name,
        {
          '00001_gate.sql': migration(`create table things (id int);\n${gate.sql}`),
          '00002_later.sql': later,
        },
      ]),
    ),
    edit,
  )
}

const start = ({ directory }: Project, args: string): ToolProcess =>
  startTool(args.split(' '), { cwd: directory })

const atGate = (gate: Gate, count: number): Promise<unknown> =>
  eventually(`${count} files at the gate`, async () => (await gate.waiting()) === count || undefined)

const versions = async (databases: readonly string[]): Promise<string[]> => {
  const all: string[] = []
  for (const name of databases) all.push(await postgres.versions(name).catch(() => ''))
  return all
}

const attempts = (database: string): Promise<string> =>
  postgres.psql(
    database,
    "select string_agg(version || ' ' || outcome, ', ' order by id) from po_migrate.ledger",
  )

const dbmateIn = (database: string): Promise<string> =>
  postgres.psql(
    'postgres',
    `select count(*) from pg_stat_activity where datname = '${database}' and application_name like '% dbmate'`,
  )

describe('up --jobs', () => {
  it('runs so many databases side by side, each in its own order, and tells all of them', async () => {
    await using gate = await closeGate(postgres)
    const databases = names('side', 3)
    using files = await gated(databases, gate)
    const tool = start(files, 'up dev --jobs 2 --json')
    await atGate(gate, 2)
    await gate.open()
    const { exit, stdout } = await tool.ended
    expect(await versions(databases)).toEqual(['00001 00002', '00001 00002', '00001 00002'])
    const { all: events, started, finished } = readEvents({ exit: exit ?? -1, stdout })
    expect(exit).toBe(0)
    expect(started.jobs).toBe(2)
    for (const database of databases) {
      const own = events.flatMap((event) =>
        'step' in event && event.database === database ? `${event.event} ${event.migration}` : [],
      )
      expect(own).toEqual([
        'step.started 00001_gate.sql',
        'step.finished 00001_gate.sql',
        'step.started 00002_later.sql',
        'step.finished 00002_later.sql',
      ])
    }
    expect(finished.status).toBe('done')
  })

  it('left out, runs named databases one after the other', async () => {
    await using gate = await closeGate(postgres)
    using files = await gated(names('alone', 2), gate)
    const tool = start(files, 'up dev')
    await gate.reached()
    expect(await dbmateIn('alone_2')).toBe('0')
    await gate.open()
    expect((await tool.ended).exit).toBe(0)
  })

  it('makes new databases side by side, and a line stands for each file', async () => {
    const databases = names('fresh', 3)
    using files = project(
      Object.fromEntries(databases.map((name) => [name, { '00001_a.sql': table, '00002_b.sql': later }])),
    )
    const { exit, stdout, stderr } = await runIn(files, 'up dev --jobs 3')
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).toMatch(
      /^dev: 6 migrations applied in .*\.\n(?: {2}fresh_[123] {2}2 migrations {2}00001 to 00002\n){3}$/,
    )
    expect(stderr.match(/✔ fresh_\d {2}0000\d_[ab]\.sql/g)).toHaveLength(6)
  })

  it('has no more sessions open than the config allows', async () => {
    const databases = names('budget', 12)
    using files = project(
      Object.fromEntries(databases.map((name) => [name, { '00001_a.sql': table, '00002_b.sql': later }])),
    )
    const watcher = await watchSessions(postgres)
    const { exit, stderr } = await runIn(files, 'up dev --jobs 4')
    const most = await watcher.stop()
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
    expect(most).toBeGreaterThan(4)
    expect(most).toBeLessThanOrEqual(8)
  })

  it('starts nothing new anywhere after a failure, and lets what runs finish', async () => {
    await using gate = await closeGate(postgres)
    const databases = names('fails', 4)
    using files = await gated(databases, gate)
    files.migrations({ fails_2: { '00001_gate.sql': migration('select 1 / 0;') } })
    const tool = start(files, 'up dev --jobs 2')
    await eventually('the failure', () => tool.stderr().includes('✖ fails_2'))
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(1)
    expect(stderr).toContain('fails_2: 00001_gate.sql failed: division by zero (22012)')
    expect(await versions(databases)).toEqual(['00001', '', '', ''])
    expect(stderr).toContain('po-migrate up dev --jobs 2')
  })

  it('lets every running file finish at a signal, and starts no other', async () => {
    await using gate = await closeGate(postgres)
    const databases = names('stopped', 3)
    using files = await gated(databases, gate)
    const tool = start(files, 'up dev --jobs 2')
    await atGate(gate, 2)
    tool.child.kill('SIGINT')
    await eventually('the tool to say that it heard', () => tool.stderr().includes('again to end it now'))
    await gate.open()
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(130)
    expect(await versions(databases)).toEqual(['00001', '00001', ''])
    expect(stderr).toContain('stopped_1  stopped: 00001 stays applied, 1 not started')
    expect(stderr).toContain('stopped_2  stopped: 00001 stays applied, 1 not started')
  })

  it('ends every running file at a second signal', async () => {
    await using gate = await closeGate(postgres)
    const databases = names('cut', 2)
    using files = await gated(databases, gate)
    const tool = start(files, 'up dev --jobs 2')
    await atGate(gate, 2)
    tool.child.kill('SIGINT')
    await eventually('the tool to say that it heard', () => tool.stderr().includes('again to end it now'))
    await new Promise((resolve) => setTimeout(resolve, 1200))
    tool.child.kill('SIGINT')
    const { exit } = await tool.ended
    expect(exit).toBe(130)
    expect(await versions(databases)).toEqual(['', ''])
    expect(await gate.waiting()).toBe(0)
    for (const name of databases) {
      expect(await attempts(name)).toBe('00001 failed')
      expect(
        await docker([
          'ps',
          '--all',
          '--quiet',
          '--filter',
          `label=po-migrate.databases=${databases.join(',')}`,
        ]),
      ).toBe('')
    }
  })

  it('killed with several in flight: the next run settles each, and applies each once', async () => {
    await using gate = await closeGate(postgres)
    const databases = names('killed', 8)
    using files = await gated(databases, gate, (config) => {
      config.connections = 11
    })
    const tool = start(files, 'up dev --jobs 8')
    await atGate(gate, 8)
    tool.child.kill('SIGKILL')
    await tool.ended
    const next = start(files, 'up dev --jobs 8')
    await atGate(gate, 8)
    await gate.open()
    const { exit, stderr } = await next.ended
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
    expect(await versions(databases)).toEqual(databases.map(() => '00001 00002'))
    for (const name of databases)
      expect(await attempts(name)).toMatch(/^00001 (?:failed, 00001 )?done, 00002 done$/)
  }, 120_000)

  it('loses one dbmate, and the file of the other goes on', async () => {
    await using gate = await closeGate(postgres)
    const databases = names('one', 2)
    using files = await gated(databases, gate)
    const tool = start(files, 'up dev --jobs 2')
    await atGate(gate, 2)
    const containers = await docker([
      'ps',
      '--filter',
      'name=po-migrate-',
      '--format',
      '{{.Names}} {{.Label "po-migrate.databases"}}',
    ])
    const second = containers
      .split('\n')
      .find((line) => line.includes('one_1') && line.split(' ')[0]?.endsWith('-2'))
    await docker(['kill', second?.split(' ')[0] ?? 'none'])
    await eventually('the failure', () => tool.stderr().includes('✖ one_2'))
    // Its backend has ended by then, and the other one has not.
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(1)
    expect(stderr).toContain('one_2: 00001_gate.sql: dbmate ended before it answered')
    expect(await versions(databases)).toEqual(['00001', ''])
  })

  it.each([
    ['of one call each, in new databases', 'made', false],
    ['of a call a file, in databases that are there', 'there', true],
  ])('tries files again that met others in what all databases share: %s', async (_, role, areThere) => {
    const databases = names(role, 4)
    await postgres.psql('postgres', `drop role if exists ${role}; create role ${role}`)
    if (areThere) for (const name of databases) await postgres.psql('postgres', `create database ${name}`)
    const files = Object.fromEntries(
      Array.from({ length: areThere ? 3 : 8 }, (_, index) => [
        `${String(index + 1).padStart(5, '0')}_role.sql`,
        migration(`alter role ${role} set work_mem = '${index + 1}MB';\nselect pg_sleep(0.2);`),
      ]),
    )
    using made = project(Object.fromEntries(databases.map((name) => [name, files])))
    const { exit, stderr } = await runIn(made, 'up dev --jobs 4')
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stderr).toContain('✔')
  })

  it.each([
    ['made by another one meanwhile', 'create role once', 'once'],
    [
      'given to by another one meanwhile',
      'create role twice; grant pg_monitor to twice; comment on role twice is $c$c$c$',
      'twice',
    ],
  ])('tries a file again that looks for a role first, which is %s', async (_, statement, role) => {
    const databases = names(role, 3)
    await postgres.psql('postgres', `drop role if exists ${role}`)
    const body = `do $$ begin
  if not exists (select from pg_roles where rolname = '${role}') then
    perform pg_sleep(1);
    ${statement};
  end if;
end $$;`
    using made = project(
      Object.fromEntries(databases.map((name) => [name, { '00001_role.sql': migration(body) }])),
    )
    const { exit, stderr } = await runIn(made, 'up dev --jobs 3')
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
  })

  it('gives up on a role that is there, and on a conflict that does not end, also in files that share a call', async () => {
    await postgres.psql('postgres', 'drop role if exists standing; create role standing')
    const second = migration('create table b (id int);')
    const role = migration('-- po-migrate:ignore cluster-wide one environment\ncreate role standing;')
    using made = project({
      stay_1: { '00001_a.sql': table, '00002_b.sql': second, '00003_role.sql': role },
      stay_2: {
        '00001_a.sql': migration('create table a (id int constraint pg_a_index unique);'),
        '00002_b.sql': second,
        '00003_clash.sql': migration('insert into a values (1), (1);'),
      },
    })
    const { exit, stderr } = await runIn(made, 'up dev --jobs 2 --continue-on-error')
    expect(stderr).toContain('stay_1: 00003_role.sql failed: role "standing" already exists (42710)')
    expect(stderr).toContain('stay_2: 00003_clash.sql failed')
    expect(stderr).toContain('5 tries')
    expect(exit).toBe(1)
    expect(await versions(['stay_1', 'stay_2'])).toEqual(['00001 00002', '00001 00002'])
  })

  it('tries a file again that waited for what waits for it', async () => {
    const databases = names('knot', 2)
    await postgres.psql(
      'postgres',
      'drop role if exists left_end, right_end; create role left_end; create role right_end',
    )
    const files = (...roles: string[]) => ({
      '00001_knot.sql': migration(
        roles.map((role) => `alter role ${role} nologin;`).join('\nselect pg_sleep(1.5);\n'),
      ),
    })
    using made = project({ knot_1: files('left_end', 'right_end'), knot_2: files('right_end', 'left_end') })
    const { exit, stderr } = await runIn(made, 'up dev --jobs 2')
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
    expect(await versions(databases)).toEqual(['00001', '00001'])
  })

  it.each([
    ['--jobs 6', '--jobs 6 takes 9 sessions at once, and connections: allows 8.'],
    ['--jobs 0', '--jobs takes a whole number from 1.'],
    ['--jobs two', '--jobs takes a whole number from 1.'],
  ])('%s is refused before anything is touched', async (flags, message) => {
    using files = project({ unmade: { '00001_a.sql': table } })
    const { exit, stderr } = await runIn(files, `up dev ${flags}`)
    expect(exit).toBe(2)
    expect(stderr).toContain(message)
    expect(await versions(['unmade'])).toEqual([''])
  })
})

describe('a fleet', () => {
  it('runs its canary alone, and then as many databases of a wave at once as it was told', async () => {
    await using gate = await closeGate(postgres)
    const databases = names('tenant', 4)
    for (const name of databases) await postgres.psql('postgres', `create database ${name}`)
    using files = project(
      { tenant: { '00001_gate.sql': migration(`create table things (id int);\n${gate.sql}`) } },
      (config) => {
        config.databases = {
          tenants: {
            directory: 'migrations/tenant',
            from: { list: databases },
            rollout: { canary: 1, wave: 3, max_failures: 1 },
          },
        }
      },
    )
    const tool = start(files, 'up dev --jobs 3')
    await gate.reached()
    expect(await gate.waiting()).toBe(1)
    expect(await dbmateIn('tenant_1')).toBe('1')
    await gate.open()
    expect((await tool.ended).exit).toBe(0)
    expect(await versions(databases)).toEqual(['00001', '00001', '00001', '00001'])
  })
})
