import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdDatabase } from '../support/postgres/hold-database.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn, runTool, type ToolResult } from '../support/tool/tool.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
}, 180_000)
afterAll(() => postgres[Symbol.asyncDispose]())

const notes = { '00001_notes.sql': migration('create table notes (id int);', 'drop table notes;') }
const extra = {
  '00002_extra.sql': migration('alter table notes add extra int;', 'alter table notes drop extra;'),
}

type Options = {
  fleet?: object
  databases?: object
  store?: Store
  edit?: (config: Record<string, unknown>) => void
}

/** A fleet of `list`, which a test replaces; with a second environment on the same server. */
const project = ({ fleet = {}, databases = {}, store = {}, edit }: Options = {}): Project =>
  makeProject({
    network: postgres.network,
    store: { tenant: notes, ...store },
    state: 'state',
    edit: (config) => {
      config.databases = { ...databases, tenants: { directory: 'migrations/tenant', ...fleet } }
      const { dev } = config.environments
      dev.policy = { ...dev.policy, missing: 'refuse' }
      config.environments.qual = { ...dev, suffix: '_qual' }
      edit?.(config)
    },
  })

const sql = (database: string, text: string): Promise<string> => postgres.psql(database, text)
const create = async (...names: string[]): Promise<void> => {
  for (const name of names) await sql('postgres', `create database "${name.replaceAll('"', '""')}"`)
}
const has = async (database: string, column: string): Promise<boolean> =>
  (await sql(database, `select count(*) from information_schema.columns where column_name = '${column}'`)) ===
  '1'

const few = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}_${index + 1}`)

const told = ({ exit, stderr }: ToolResult) => ({ exit, stderr: stderr.replaceAll(/\n\s+/g, ' ') })

const locks = async (): Promise<number> =>
  Number(await sql('postgres', "select count(*) from pg_locks where locktype = 'advisory'"))

const until = async (is: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 200 && !(await is()); tries++) await sleep(50)
}

const hold = (database: string): Promise<AsyncDisposable> => holdDatabase(postgres, database)

/** Databases with the first file, and a second one that fails in some of them. */
const prepared = async (names: readonly string[], failing: readonly string[], rollout: object) => {
  const made = project({ fleet: { from: { list: names }, create: true, rollout } })
  expect(await runIn(made, 'up dev')).toMatchObject({ exit: 0 })
  for (const name of failing) await sql(name, 'alter table notes add extra int')
  made.migrations({ tenant: extra })
  return made
}

describe('a fleet from a query', () => {
  it('gets its files in the order of the query, quoted, and the databases of the query stay whole', async () => {
    const odd = 'we"ird; drop database postgres'
    await create('from_b', 'from_a', odd)
    using made = project({
      databases: { iam: null },
      store: { iam: { '00001_t.sql': migration('create table tenants (at int, slug text);') } },
      fleet: { from: { query: 'select slug from tenants order by at -- all;\n;', database: 'iam' } },
    })
    const first = await runIn(made, 'up dev')
    expect(first).toMatchObject({ exit: 0 })
    expect(first.stderr).toContain('tenants: iam is not there yet')
    await sql('iam', `insert into tenants values (1, 'from_b'), (2, 'from_a'), (3, '${odd}'), (4, 'from_a')`)
    const second = await runIn(made, 'up dev --json')
    expect(second.exit).toBe(0)
    expect(readEvents(second).steps.map(({ database }) => database)).toEqual(['from_b', 'from_a', odd])
    const third = await runIn(made, 'up dev')
    expect(third).toMatchObject({ exit: 0, stdout: expect.stringContaining('nothing to do') })
    expect(third.stderr).toContain('named more than once, taken once: from_a 2 times')
  })

  it.each([
    ['fails', 'select nothing', 'column "nothing" does not exist (42703)'],
    ['is no query', 'drop table tenants', 'syntax error'],
    [
      'would write',
      'with gone as (delete from written returning slug) select slug from gone',
      '(25006|0A000)',
    ],
    ['answers two columns', "select 'a', 'b'", 'answers 2 columns'],
    ['answers two columns of one name', "select 'a' as x, 'b' as x", 'answers 2 columns'],
    ['answers 50,000 rows', 'select i::text from generate_series(1, 50000) i', 'more than 10000 rows'],
  ])('is refused before anything where the query %s', async (_, query, words) => {
    await sql('postgres', "create table if not exists written as select 'here' as slug")
    using made = project({ fleet: { from: { query } } })
    for (const verb of ['up dev', 'plan dev', 'status dev']) {
      const { exit, stdout, stderr } = await runIn(made, verb)
      expect({ verb, exit }).toEqual({ verb, exit: 4 })
      expect(stdout + stderr).toMatch(new RegExp(words.replaceAll('(4', '\\(4').replaceAll('3)', '3\\)')))
    }
    expect(await sql('postgres', 'select slug from written')).toBe('here')
  })

  it('is told when it names nobody', async () => {
    using made = project({ fleet: { from: { query: 'select datname from pg_database where false' } } })
    const { exit, stderr } = await runIn(made, 'up dev')
    expect(exit).toBe(0)
    expect(stderr).toContain('tenants: the query names no database')
  })
})

describe('a name of a fleet that is none of its databases', () => {
  it('is refused by itself, whatever is wrong with it, and the others go on', async () => {
    await create('bad_a', 'bad_b')
    const long = `bad_${'x'.repeat(60)}`
    using made = project({
      databases: { bad_iam: null },
      store: { bad_iam: { '00001_a.sql': migration('create table a (id int);') } },
      fleet: {
        from: {
          query: `select * from (values (null), ('bad_a'), ('bad_gone'), ('bad_iam'), ('${long}'), ('bad_b')) as t(name)`,
        },
      },
    })
    const first = told(await runIn(made, 'up dev'))
    expect(first.exit).toBe(1)
    for (const words of [
      'row 1: there is no name in it',
      'bad_gone: is not on the server',
      'bad_iam is no database of this fleet',
      'its name has 64 bytes',
      'bad_iam: 4 databases refused; the others are done',
    ].slice(0, 4))
      expect(first.stderr).toContain(words)
    expect(first.stderr).toContain('4 databases refused; the others are done')
    expect(await postgres.versions('bad_a')).toBe('00001')
    expect(await postgres.versions('bad_b')).toBe('00001')
    expect(await sql('postgres', "select count(*) from pg_database where datname like 'bad_%'")).toBe('3')
    const second = told(await runIn(made, 'up dev'))
    expect(second.exit).toBe(4)
    expect(second.stderr).toContain('4 databases refused, and nothing to do in the others')
    expect((await runIn(made, 'plan dev --exit-code')).exit).toBe(4)
  })

  it('is neither a database that a restore left nor one of another environment, for a pattern', async () => {
    await create('pat_a', 'pat_b', 'pat_a_qual', 'pat_a_before_20261122T185832-7f3a9c')
    using made = project({ fleet: { from: { pattern: 'pat_*' } } })
    const { exit, stdout } = await runIn(made, 'up dev')
    expect({ exit, stdout }).toEqual({
      exit: 0,
      stdout: expect.stringContaining('2 migrations applied'),
    })
    expect(await runIn(made, 'up qual')).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/1 migration applied .*pat_a_qual/),
    })
  })

  it('is created only where the config says so', async () => {
    using made = project({ fleet: { from: { list: ['make_a'] } } })
    expect((await runIn(made, 'up dev')).exit).toBe(4)
    using willing = project({ fleet: { from: { list: ['make_a'] }, create: true } })
    expect((await runIn(willing, 'up dev')).exit).toBe(0)
    expect(await postgres.versions('make_a')).toBe('00001')
  })

  it('is told as a failure of its own when it goes away under the run', async () => {
    const names = few('drop', 3)
    const made = await prepared(names, [], { max_failures: 2 })
    using _ = made
    made.migrations({
      tenant: { '00002_extra.sql': migration('select pg_sleep(1.5);', '') },
    })
    const running = runIn(made, 'up dev')
    setTimeout(() => void sql('postgres', 'drop database if exists drop_3 with (force)'), 1800)
    const result = told(await running)
    expect(result.exit).toBe(1)
    expect(result.stderr).toContain('drop_3: is gone from the server')
    expect(await postgres.versions('drop_2')).toBe('00001 00002')
  })
})

describe('the rollout of a fleet', () => {
  it('ends with the canary when that fails, and goes on once it is mended', async () => {
    const names = few('can', 4)
    using made = await prepared(names, ['can_1'], { max_failures: 9 })
    const { exit, stderr } = told(await runIn(made, 'up dev'))
    expect(exit).toBe(1)
    expect(stderr).toContain('tenants 1 failed, 3 not started'.replace(' ', '  '))
    expect(stderr).toContain('the canary failed')
    for (const name of names) expect(await postgres.versions(name)).toBe('00001')
    await sql('can_1', 'alter table notes drop extra')
    expect((await runIn(made, 'up dev')).exit).toBe(0)
    for (const name of names) expect(await postgres.versions(name)).toBe('00001 00002')
  })

  it('lets nothing start after as many failures as it allows, and groups them by what was said', async () => {
    const names = few('max', 6)
    using made = await prepared(names, ['max_2', 'max_4', 'max_5'], { max_failures: 2, wave: 2 })
    const { exit, stderr } = told(await runIn(made, 'up dev --jobs 1'))
    expect(exit).toBe(1)
    expect(stderr).toMatch(/2 databases \(max_2, max_4\): 00002_extra.sql failed: column "extra"/)
    expect(stderr).toContain('2 done, 2 failed, 2 not started')
    expect(await has('max_3', 'extra')).toBe(true)
    expect(await has('max_6', 'extra')).toBe(false)
    expect(await locks()).toBe(0)
  })

  it('lets the others go on below that, and the same command takes what is left', async () => {
    const names = few('left', 4)
    using made = await prepared(names, ['left_2'], { max_failures: 3 })
    expect((await runIn(made, 'up dev')).exit).toBe(1)
    expect(await has('left_4', 'extra')).toBe(true)
    await sql('left_2', 'alter table notes drop extra')
    const again = await runIn(made, 'up dev')
    expect(again).toMatchObject({ exit: 0, stdout: expect.stringContaining('1 migration applied') })
  })

  it('holds one lock for the fleet, and one for each database of the wave that runs', async () => {
    const names = few('lock', 5)
    using made = await prepared(names, [], { canary: 1, wave: 2 })
    made.migrations({ tenant: { '00002_extra.sql': migration('select pg_sleep(0.4);') } })
    const running = runIn(made, 'up dev')
    const seen: number[] = []
    let on = true
    const watching = (async () => {
      while (on) seen.push(await locks())
    })()
    expect((await running).exit).toBe(0)
    on = false
    await watching
    expect(Math.max(...seen)).toBe(3)
  })

  it('leaves a database alone whose history differs, says why, and answers 4 when nothing else is to do', async () => {
    const names = few('his', 3)
    using made = await prepared(names, [], { max_failures: 9 })
    await sql('his_1', "insert into schema_migrations values ('00000')")
    await sql('his_2', "update po_migrate.ledger set sha256 = 'another'")
    const { exit, stderr } = told(await runIn(made, 'up dev'))
    expect(exit).toBe(1)
    expect(stderr).toContain('his_1: 00000 is applied, but has no file')
    expect(stderr).toContain('his_2: 00001_notes.sql was edited')
    expect(stderr).toContain('--db tenants/his_2 --accept-edit 00001')
    expect(await postgres.versions('his_3')).toBe('00001 00002')
    expect((await runIn(made, 'up dev')).exit).toBe(4)
    expect((await runIn(made, 'up dev --db tenants/his_2 --accept-edit 00001')).exit).toBe(0)
    expect(await postgres.versions('his_2')).toBe('00001 00002')
  })
})

describe('a run of a fleet', () => {
  it('keeps others out of it as a whole, and says who is there', async () => {
    using made = await prepared(few('own', 2), [], {})
    made.migrations({ tenant: { '00002_extra.sql': migration('select pg_sleep(2);') } })
    const running = runIn(made, 'up dev')
    await until(async () => (await locks()) > 0)
    const second = await runIn(made, 'up dev --db tenants/own_2 --lock-wait 0')
    const status = await runIn(made, 'lock status dev')
    expect(second).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining('tenants/* is locked by another run'),
    })
    expect(status.stdout).toMatch(/^tenants\/\* +tester@.*\nown_1 +tester@/)
    expect((await running).exit).toBe(0)
  })

  it('lets a database wait for whoever holds it, and goes on without it', async () => {
    using made = await prepared(few('busy', 3), [], { max_failures: 2 })
    await using _held = await hold('busy_2')
    const { exit, stderr } = told(await runIn(made, 'up dev --lock-wait 1'))
    expect(exit).toBe(1)
    expect(stderr).toContain('busy_2 is locked by another run')
    expect(await postgres.versions('busy_2')).toBe('00001')
    expect(await postgres.versions('busy_3')).toBe('00001 00002')
  })

  it('finishes the running file when it is interrupted, and says what was not started', async () => {
    using made = await prepared(few('int', 4), [], {})
    made.migrations({ tenant: { '00002_extra.sql': migration('select pg_sleep(1);') } })
    const interrupt = new AbortController()
    const running = runIn(made, 'up dev --jobs 1', { interrupt: interrupt.signal })
    const at = "select count(*) from pg_stat_activity where datname = 'int_2' and query ~ 'pg_sleep'"
    await until(async () => (await sql('postgres', at)) === '1')
    interrupt.abort('SIGINT')
    const { exit, stderr } = told(await running)
    expect(exit).toBe(130)
    expect(stderr).toMatch(/tenants {2}2 done, 2 not started/)
    expect(await locks()).toBe(0)
    expect((await runIn(made, 'up dev')).exit).toBe(0)
  })

  it('is backed up with a session for each of its databases, or not at all', async () => {
    using made = await prepared(few('bak', 3), [], {})
    const whole = await runIn(made, 'backup dev')
    expect(whole).toMatchObject({ exit: 0, stdout: expect.stringContaining('3 databases') })
    using large = project({ fleet: { from: { list: few('bak', 9) } } })
    const refused = await runIn(large, 'backup dev')
    expect(refused).toMatchObject({ exit: 2, stderr: expect.stringContaining('connections: 12') })
  }, 120_000)
})

describe('--db', () => {
  const names = ['one_a', 'one_b']
  let made: Project
  beforeAll(async () => {
    await create('one_a_qual', 'one_b_qual')
    made = project({ fleet: { from: { list: names }, create: true } })
  })
  afterAll(() => made[Symbol.dispose]())

  it('takes one database of a fleet, by its name without the suffix', async () => {
    expect((await runIn(made, 'up qual --db tenants/one_b')).exit).toBe(0)
    expect(await postgres.versions('one_b_qual')).toBe('00001')
    const status = await runIn(made, 'status qual --json')
    expect(JSON.parse(status.stdout).environments[0].databases).toMatchObject([
      { name: 'tenants/one_a', fleet: 'tenants', database: 'one_a_qual', applied: 0, pending: 1 },
      { name: 'tenants/one_b', fleet: 'tenants', database: 'one_b_qual', applied: 1, pending: 0 },
    ])
  })

  it('sums a fleet up, unless all or one are asked for', async () => {
    const summed = await runIn(made, 'status qual')
    expect(summed.stdout).toContain('2 databases, 1 behind')
    expect(summed.stdout).toMatch(/1\s+at 00001_notes.sql/)
    expect(summed.stdout).toMatch(/nothing applied, 1 pending\n\s+one_a/)
    expect((await runIn(made, 'status qual --all')).stdout).toContain('one_b_qual  1 applied')
    expect((await runIn(made, 'status qual --db tenants/one_b')).stdout).toContain('one_b_qual  1 applied')
    expect((await runIn(made, 'status dev qual')).stdout).toMatch(/tenants \(databases\)/)
    expect((await runIn(made, 'status qual --exit-code')).exit).toBe(3)
  })

  it.each([
    ['up qual --db tenants/one_bb', '--db tenants/one_b'],
    ['status qual --db tenants/one_a_qual', '--db tenants/one_a'],
    ['up qual --db tenant', 'did you mean tenants?'],
    ['rollback qual --db tenants', 'po-migrate rollback qual --db tenants/NAME'],
    ['lint --db tenants/one_a', '--db tenants'],
  ])('answers 2 and what to type to %s', async (command, hint) => {
    const { exit, stdout, stderr } = await runIn(made, command)
    expect({ command, exit }).toEqual({ command, exit: 2 })
    expect(stdout + stderr).toContain(hint)
  })

  it('tells the history of one, and rolls one back', async () => {
    const history = await runIn(made, 'history qual --db tenants/one_b')
    expect(history).toMatchObject({ exit: 0, stdout: expect.stringContaining('one_b_qual') })
    const undo = ['rollback', 'qual', '--db', 'tenants/one_b', '--confirm', 'yes']
    expect((await runTool(undo, { cwd: made.directory })).exit).toBe(0)
    expect(await postgres.versions('one_b_qual')).toBe('')
  })
})
