import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { driftDocument } from '../../src/report/drift-documents.ts'
import { docker } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

// Each builds scratch databases, one after the other.
vi.setConfig({ testTimeout: 300_000 })

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
  // Installed by hand in the container that runs: its image, and so a scratch server, has it not.
  const script = `cd "$(pg_config --sharedir)/extension" &&
    printf "default_version = '1.0'\\nrelocatable = true\\n" >homemade.control &&
    printf "create function homemade() returns int language sql return 1;\\n" >homemade--1.0.sql`
  await docker(['exec', '--user', 'root', postgres.container, 'sh', '-c', script])
})
afterAll(() => postgres[Symbol.asyncDispose]())

const project = (store: Store): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
  })

const only = ({ stdout }: ToolResult) => {
  const [first] = driftDocument.parse(JSON.parse(stdout)).databases
  return { ...first, objects: first?.differences.map(({ object, state }) => `${object} ${state}`) }
}
const scratchContainers = (): Promise<string> =>
  docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.server=${postgres.container}`])

const plain = { '00001_a.sql': migration('create table a (id int, n int);', 'drop table a;') }

describe('an extension that is not in the image', () => {
  it('is named by drift where a file makes it, and where somebody made it by hand', async () => {
    using files = project({
      made: {
        ...plain,
        '00002_ext.sql': migration('create extension homemade;', 'drop extension homemade;'),
      },
      hand: plain,
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const made = await runIn(files, 'drift dev --db made --json')
    expect([made.exit, only(made).error?.message]).toEqual([
      1,
      expect.stringMatching(/00002_ext\.sql fails: .*extension "homemade" is not available/),
    ])
    await postgres.psql('hand', 'create extension homemade')
    const hand = await runIn(files, 'drift dev --db hand --json')
    expect([hand.exit, only(hand).objects, only(hand).unread]).toEqual([
      3,
      ['extension homemade unexpected'],
      expect.stringContaining('Reading the schema'),
    ])
    expect(await scratchContainers()).toBe('')
  })

  it('is named by adopt, which records nothing that it could not try', async () => {
    const store = {
      ...plain,
      '00002_ext.sql': migration('create extension homemade;'),
      '00003_b.sql': migration('create table b (id int);'),
    }
    await postgres.psql('postgres', 'create database tried')
    await postgres.psql(
      'tried',
      'create table a (id int, n int); create extension homemade; create table b (id int)',
    )
    using files = project({ tried: store })
    const { exit, stderr } = await runIn(files, 'adopt dev --confirm yes')
    expect([exit, stderr]).toEqual([
      4,
      expect.stringMatching(
        /More files could not be tried on the scratch server: tried: 00002_ext\.sql fails.*homemade/,
      ),
    ])
    expect(await postgres.psql('tried', "select to_regclass('schema_migrations') is null")).toBe('t')
  })

  it('stops a rehearsal with its name, and the way around it', async () => {
    using files = project({ rehearsed: plain })
    await postgres.psql('postgres', 'create database rehearsed')
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql('rehearsed', 'create extension homemade')
    files.migrations({ rehearsed: { '00002_b.sql': migration('create table b (id int);') } })
    const { exit, stderr } = await runIn(files, 'up dev --rehearse schema')
    expect(stderr).toContain('homemade')
    expect(stderr).toContain('--no-rehearse')
    expect(exit).toBe(4)
    expect(await postgres.versions('rehearsed')).toBe('00001')
  })
})

describe('what a server has in a state of its own', () => {
  it('is compared all the same: another collation version, an invalid index, an unfilled view', async () => {
    using files = project({
      odd: {
        '00001_a.sql': migration(
          `create table a (id int, at timestamptz default now()); create index a_id on a (id);
create materialized view sums as select count(*) from a with no data;`,
        ),
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql('odd', 'refresh materialized view sums')
    await postgres.psql('postgres', "update pg_database set datcollversion = '1.0' where datname = 'odd'")
    const same = await runIn(files, 'drift dev --json')
    expect([same.exit, only(same).objects]).toEqual([0, []])
    await postgres.psql('odd', "update pg_index set indisvalid = false where indexrelid = 'a_id'::regclass")
    const invalid = await runIn(files, 'drift dev --json')
    expect([invalid.exit, only(invalid).objects, only(invalid).differences?.[0]?.found]).toEqual([
      3,
      ['index public.a_id changed'],
      expect.stringContaining('INVALID'),
    ])
  })

  it('is out of reach where an owner is gone, and the object is named', async () => {
    using files = project({ orphan: plain, whole: plain })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql('orphan', 'create role gone; alter table a owner to gone')
    await postgres.psql('postgres', "delete from pg_authid where rolname = 'gone'")
    const { exit, stdout } = await runIn(files, 'drift dev --db orphan --db whole')
    expect([exit, stdout]).toEqual([1, expect.stringContaining('whole is as its 1 applied file makes it')])
    expect(stdout).toContain('table a belongs to that role')
    expect(stdout).toContain('ALTER … OWNER TO')
  })
})
