import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { docker, eventually, uniqueName } from '../support/engine/docker.ts'
import { startPool } from '../support/postgres/pool.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { openSession } from '../support/postgres/session.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project, type ProjectOptions } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

let postgres: TestPostgres
let state: string
let db: string
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'pmt-state-'))
  // A name of its own for every try: the copies of an earlier one are no concern of this one.
  db = uniqueName('rs').replaceAll('-', '_')
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

const project = (edit?: ProjectOptions['edit'], names: readonly string[] = [db]): Project =>
  makeProject({
    network: postgres.network,
    store: Object.fromEntries(
      names.map((name) => [
        name,
        { '00001_things.sql': migration('create table things (id int primary key);') },
      ]),
    ),
    edit: (config) => {
      config.state = state
      edit?.(config)
    },
  })

const tool = ({ directory }: Project, ...args: string[]) => runTool(args, { cwd: directory })

const psql = (sql: string, database = db): Promise<string> => postgres.psql(database, sql)

/** Migrates, writes three rows, backs up, and answers the backup's directory. */
const backedUp = async (files: Project): Promise<string> => {
  expect(await tool(files, 'up', 'dev')).toMatchObject({ exit: 0 })
  await psql('insert into things values (1), (2), (3)')
  const { exit, stderr } = await tool(files, 'backup', 'dev')
  expect({ exit, stderr }).toMatchObject({ exit: 0 })
  const [name = ''] = readdirSync(join(state, 'shop', 'backups'))
  return join(state, 'shop', 'backups', name)
}

const databasesLike = (pattern: string): Promise<string> =>
  psql(
    `select coalesce(string_agg(datname, ' ' order by datname), '') from pg_database where datname like '${pattern}'`,
    'postgres',
  )

describe('restore', () => {
  it('brings back rows, versions, ledger, owner, grants and settings, and keeps what was there', async () => {
    const role = `${db}_app`
    await psql(`create role ${role} login`, 'postgres')
    using files = project()
    expect(await tool(files, 'up', 'dev')).toMatchObject({ exit: 0 })
    await psql(
      `alter database ${db} owner to ${role}; alter database ${db} set work_mem = '7777kB';
      revoke connect on database ${db} from public; comment on database ${db} is 'it''s here'`,
      'postgres',
    )
    await psql(
      `grant select on things to ${role}; alter role ${role} in database ${db} set statement_timeout = '5s'`,
    )
    const directory = await backedUp(files)
    const about = `select r.rolname, d.datacl::text, shobj_description(d.oid, 'pg_database'),
      (select string_agg(s.setconfig::text, ' ' order by setrole) from pg_db_role_setting s where s.setdatabase = d.oid)
      from pg_database d join pg_roles r on r.oid = d.datdba where datname = '${db}'`
    const before = await psql(about, 'postgres')
    await psql('delete from things; insert into things values (99); alter table things add extra text')
    await psql(`alter database ${db} owner to postgres; alter database ${db} reset all`, 'postgres')
    const result = await tool(files, 'restore', 'dev', '--from', directory, '--json')
    expect(result.exit, result.stdout + result.stderr).toBe(0)
    const { steps } = readEvents(result)
    expect(steps.map(({ kind, status }) => [kind, status])).toEqual([
      ['restore-beside', 'done'],
      ['swap-databases', 'done'],
    ])
    expect(await psql('select string_agg(id::text, $$,$$ order by id) from things')).toBe('1,2,3')
    expect(await psql('select version from schema_migrations')).toBe('00001')
    expect(await psql('select outcome from po_migrate.ledger')).toBe('done')
    expect(await psql(about, 'postgres')).toBe(before)
    expect(await psql(`select has_table_privilege('${role}', 'things', 'select')`)).toBe('t')
    const [copy = ''] = steps.at(-1)?.replaced ?? []
    expect(copy).toMatch(new RegExp(`^${db}_before_`))
    expect(await psql('select id from things', copy)).toBe('99')
    expect(await databasesLike(`${db}_restore_%`)).toBe('')
    expect(await tool(files, 'up', 'dev')).toMatchObject({ exit: 0 })
    const history = await tool(files, 'history', 'dev', '--json')
    expect(JSON.parse(history.stdout).runs).toMatchObject([
      { command: 'backup', outcome: 'done' },
      { command: 'restore', outcome: 'done', directory, databases: [db] },
    ])
  })

  it('shows what it replaces by what, and says what was there is called', async () => {
    using files = project()
    const directory = await backedUp(files)
    await psql('insert into things values (4); analyze things')
    const { exit, stdout, stderr } = await tool(files, 'restore', 'dev', '--from', directory)
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    expect(stderr).toMatch(
      new RegExp(`${db} +3 tables, about \\d+ rows, .*becomes 3 tables, \\d+ rows of 20`),
    )
    expect(stdout).toMatch(new RegExp(`^dev: ${db} restored in .* stays as ${db}_before_\\d`))
  })

  it('creates missing roles with their passwords, and never alters one that is there', async () => {
    const [gone, changed] = [`${db}_gone`, `${db}_changed`]
    await psql(
      `create role ${changed} nologin; create role ${gone} login password 'their-own' in role ${changed}`,
      'postgres',
    )
    using files = project()
    expect(await tool(files, 'up', 'dev')).toMatchObject({ exit: 0 })
    await psql(`alter table things owner to ${gone}; grant select on schema_migrations to ${changed}`)
    const verifier = `select rolpassword from pg_authid where rolname = '${gone}'`
    const before = await psql(verifier, 'postgres')
    const directory = await backedUp(files)
    await psql(`reassign owned by ${gone} to postgres; drop owned by ${gone}; drop role ${gone}`)
    await psql(`alter role ${changed} login connection limit 3`, 'postgres')
    const result = await tool(files, 'restore', 'dev', '--from', directory, '--json')
    expect(result.exit, result.stdout).toBe(0)
    expect(readEvents(result).steps[0]).toMatchObject({ kind: 'create-roles', roles: [gone], status: 'done' })
    expect(await psql(verifier, 'postgres')).toBe(before)
    expect(
      await psql(`select rolcanlogin, rolconnlimit from pg_roles where rolname = '${changed}'`, 'postgres'),
    ).toBe('t|3')
    expect(await psql(`select pg_has_role('${gone}', '${changed}', 'usage')`, 'postgres')).toBe('t')
    expect(await psql("select tableowner from pg_tables where tablename = 'things'")).toBe(gone)
    expect(result.stdout + result.stderr).not.toContain('SCRAM')
  })

  it('grants what a role belonged to though the grantor may no longer', async () => {
    const [gone, team, lead] = [`${db}_gone`, `${db}_team`, `${db}_lead`]
    await psql(
      `create role ${gone}; create role ${team}; create role ${lead}; grant ${team} to ${lead} with admin option;
       grant ${team} to ${gone} granted by ${lead}`,
      'postgres',
    )
    using files = project()
    expect(await tool(files, 'up', 'dev')).toMatchObject({ exit: 0 })
    await psql(`alter table things owner to ${gone}`)
    const directory = await backedUp(files)
    await psql(`reassign owned by ${gone} to postgres; drop owned by ${gone}; drop role ${gone}`)
    await psql(`revoke admin option for ${team} from ${lead}`, 'postgres')
    const { exit, stderr } = await tool(files, 'restore', 'dev', '--from', directory)
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    expect(await psql(`select pg_has_role('${gone}', '${team}', 'usage')`, 'postgres')).toBe('t')
  })

  it.each(['is_template true', 'allow_connections false'])(
    'replaces one with %s, which is there all the same',
    async (option) => {
      using files = project()
      const directory = await backedUp(files)
      await psql(`alter database ${db} ${option}`, 'postgres')
      const { exit, stderr } = await tool(files, 'restore', 'dev', '--from', directory)
      expect({ exit, stderr }).toMatchObject({ exit: 0 })
      expect(stderr).not.toContain('does not exist')
      expect(await psql('select count(*) from things')).toBe('3')
      expect(await databasesLike(`${db}_before_%`)).not.toBe('')
    },
  )

  it('makes a database that was dropped, and copies nothing', async () => {
    using files = project()
    const directory = await backedUp(files)
    await psql(`drop database ${db} with (force)`, 'postgres')
    const { exit, stderr } = await tool(files, 'restore', 'dev', '--from', directory)
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    expect(stderr).toMatch(new RegExp(`${db} +does not exist +becomes`))
    expect(await psql('select count(*) from things')).toBe('3')
    expect(await databasesLike(`${db}_before_%`)).toBe('')
  })

  it('swaps under a pool that connects again at once, and the pool goes on with the restored rows', async () => {
    using files = project()
    const directory = await backedUp(files)
    await psql('delete from things')
    await using pool = startPool(postgres, { database: db, sql: 'select count(*) from things' })
    await eventually('the pool to work', () => pool.answers() > 50 || undefined)
    const { exit, stderr } = await tool(files, 'restore', 'dev', '--from', directory)
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    await eventually('the pool to read what was restored', () => pool.last() === '3' || undefined)
  })

  it('swaps several databases together', async () => {
    const other = `${db}_too`
    using files = project(undefined, [db, other])
    const directory = await backedUp(files)
    await psql('delete from things')
    await psql('drop table things', other)
    const one = await tool(files, 'restore', 'dev', '--from', directory, '--db', other)
    expect(one.exit, one.stderr).toBe(0)
    expect(await psql('select count(*) from things')).toBe('0')
    const both = await tool(files, 'restore', 'dev', '--from', directory)
    expect(both.exit, both.stderr).toBe(0)
    expect(await psql('select count(*) from things')).toBe('3')
    expect(await psql('select count(*) from things', other)).toBe('0')
    // Of each name, the newest replaced database is kept.
    expect((await databasesLike(`${other}_before_%`)).split(' ')).toHaveLength(1)
  })
})

describe('a restore that does not end well', () => {
  const untouched = async (): Promise<void> => {
    expect(await psql('select string_agg(id::text, $$,$$ order by id) from things')).toBe('1,2,3,4')
    expect(await databasesLike(`${db}_%`)).toBe('')
  }

  it('because a dump was altered is refused with 4 before anything is touched', async () => {
    using files = project()
    const directory = await backedUp(files)
    await psql('insert into things values (4)')
    const dump = join(directory, `${db}.dump`)
    const bytes = readFileSync(dump)
    bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1
    writeFileSync(dump, bytes)
    const { exit, stderr } = await tool(files, 'restore', 'dev', '--from', directory)
    expect(exit).toBe(4)
    expect(stderr).toContain(`${db}.dump is damaged: its sha256 differs`)
    expect(stderr).toContain('Nothing was touched.')
    await untouched()
  })

  it('because it does not fit beside is refused with 4, and leaves everything as it was', async () => {
    using files = project()
    const directory = await backedUp(files)
    await psql('insert into things values (4)')
    const manifest = join(directory, 'manifest.json')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"size": \d+/, '"size": 1e15'))
    const { exit, stderr } = await tool(files, 'restore', 'dev', '--from', directory)
    expect({ exit, stderr }).toMatchObject({ exit: 4 })
    expect(stderr).toMatch(/Postgres' disk has not enough room: 1000\.0 TB are needed, .* are free/)
    await untouched()
  })

  it.each([
    ['is no backup', () => state, 'it has no manifest.json'],
    ['does not exist', () => join(state, 'nowhere'), 'There is no backup'],
  ])('because --from %s is 2', async (_, from, why) => {
    using files = project()
    const { exit, stderr } = await tool(files, 'restore', 'dev', '--from', from())
    expect({ exit, stderr }).toMatchObject({ exit: 2, stderr: expect.stringContaining(why) })
  })

  it('because the backup does not hold what was asked for is 2, and says what it holds', async () => {
    using files = project()
    const directory = await backedUp(files)
    await psql('insert into things values (4)')
    using others = project(undefined, [`${db}_x`])
    const { exit, stderr } = await tool(others, 'restore', 'dev', '--from', directory, '--db', `${db}_x`)
    expect(exit).toBe(2)
    expect(stderr).toContain(`The backup does not hold ${db}_x.`)
    expect(stderr).toContain(`is of dev, and holds ${db}`)
    await untouched()
  })

  it('because it was not confirmed where a host is shared is 4, and shows the command that would pass', async () => {
    using files = project((config) => {
      config.environments.other = { ...config.environments.dev, suffix: '_other' }
    })
    const directory = await backedUp(files)
    await psql('insert into things values (4)')
    const { exit, stderr } = await tool(files, 'restore', 'dev', '--from', directory)
    expect(exit).toBe(4)
    expect(stderr).toContain(`→ po-migrate restore dev --from ${directory} --confirm yes`)
    expect(await tool(files, 'restore', 'dev', '--from', directory, '--confirm', 'y')).toMatchObject({
      exit: 4,
    })
    await untouched()
    expect(await tool(files, 'restore', 'dev', '--from', directory, '--confirm', 'yes')).toMatchObject({
      exit: 0,
    })
  })

  it.each(['--quiet', '--json'])(
    'with %s on a terminal shows what it replaces before it asks',
    async (flag) => {
      using plain = project()
      const directory = await backedUp(plain)
      await psql('insert into things values (4)')
      using files = project((config) => {
        config.environments.dev.confirm = true
      })
      const args = ['restore', 'dev', '--from', directory, flag]
      const { exit, stderr } = await runTool(args, { cwd: files.directory, typed: 'no' })
      expect(exit).toBe(4)
      expect(stderr).toMatch(
        new RegExp(`^${db} .*becomes 3 tables[^]*swap in one transaction[^]*Type yes to go on`),
      )
      await untouched()
      expect(await runTool([...args, '--confirm', 'yes'], { cwd: files.directory })).toMatchObject({
        exit: 0,
        stderr: '',
      })
    },
  )

  it('because the databases cannot be swapped leaves the present one as it was, and says so', async () => {
    using files = project()
    const directory = await backedUp(files)
    await psql('insert into things values (4)')
    // Its session is in another database, and so is not shown out.
    await using blocker = await openSession(postgres, 'postgres')
    await blocker.query('begin')
    await blocker.query(`comment on database ${db} is 'held'`)
    const { exit, stderr } = await tool(files, 'restore', 'dev', '--from', directory)
    await blocker.query('rollback')
    expect(exit).toBe(1)
    expect(stderr).toContain('The databases could not be swapped')
    expect(stderr).toContain(`${db} as before`)
    await untouched()
  })

  it('because an older copy cannot be dropped is 1, says that it is restored, and shows how to drop the copy', async () => {
    using files = project()
    const directory = await backedUp(files)
    expect(await tool(files, 'restore', 'dev', '--from', directory)).toMatchObject({ exit: 0 })
    const copy = await databasesLike(`${db}_before_%`)
    await psql(
      "create subscription held connection '' publication p with (connect = false, enabled = false, slot_name = none)",
      copy,
    )
    const { exit, stderr } = await tool(files, 'restore', 'dev', '--from', directory)
    expect({ exit, stderr }).toMatchObject({ exit: 1 })
    expect(stderr).toContain(`${copy} could not be dropped: `)
    expect(stderr).toContain(`${db} restored`)
    // A second restore would drop what the first one replaced.
    expect(stderr).toContain(
      `→ docker exec ${postgres.name} psql -X -v ON_ERROR_STOP=1 -U postgres -d 'postgres' -c 'drop database if exists "${copy}" with (force)'`,
    )
    expect(stderr).not.toMatch(/→.*po-migrate restore/)
  })

  it('interrupted while it fills the database beside leaves nothing beside, and is 130', async () => {
    using files = project()
    expect(await tool(files, 'up', 'dev')).toMatchObject({ exit: 0 })
    await psql(
      'create table big as select md5(random()::text) || md5(random()::text) as noise from generate_series(1, 600000)',
    )
    const directory = await backedUp(files)
    await psql('insert into things values (4)')
    const running = startTool(['restore', 'dev', '--from', directory], { cwd: files.directory })
    await eventually(
      'rows to come in beside',
      async () =>
        (await psql(
          `select count(*) from pg_stat_activity where datname like '${db}_restore_%' and query like 'COPY%'`,
          'postgres',
        )) === '1',
      60_000,
    )
    running.child.kill('SIGINT')
    const { exit, stderr } = await running.ended
    expect({ exit, stderr }).toMatchObject({ exit: 130 })
    expect(stderr).toContain(`${db} as before`)
    await untouched()
    await eventually(
      'pg_restore to be gone',
      async () => !(await docker(['top', postgres.container, '-eo', 'pid,args'])).includes('pg_restore'),
    )
  })

  it('killed outright leaves a database beside, which the next run drops', async () => {
    using files = project()
    expect(await tool(files, 'up', 'dev')).toMatchObject({ exit: 0 })
    await psql(
      'create table big as select md5(random()::text) || md5(random()::text) as noise from generate_series(1, 600000)',
    )
    const directory = await backedUp(files)
    await psql('insert into things values (4)')
    const running = startTool(['restore', 'dev', '--from', directory], { cwd: files.directory })
    await eventually(
      'the database beside',
      async () => (await databasesLike(`${db}_restore_%`)) !== '',
      60_000,
    )
    running.child.kill('SIGKILL')
    await running.ended
    const again = await tool(files, 'restore', 'dev', '--from', directory)
    expect(again.exit, again.stderr).toBe(0)
    expect(again.stderr).toMatch(new RegExp(`removed ${db}_restore_.*, which a run that died had left`))
    expect(await psql('select count(*) from things')).toBe('3')
    expect(await databasesLike(`${db}_restore_%`)).toBe('')
  })
})
