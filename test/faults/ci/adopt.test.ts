import { describe, expect, it } from 'vitest'
import { docker, eventually } from '../../support/engine/docker.ts'
import { postgresImage } from '../../support/engine/images.ts'
import { openSession } from '../../support/postgres/session.ts'
import { usePostgres } from '../../support/postgres/use-postgres.ts'
import { startTool } from '../../support/tool/process.ts'
import { makeProject, migration, type Project } from '../../support/tool/project.ts'
import { runIn } from '../../support/tool/tool.ts'

const postgres = usePostgres()

const files = {
  '00001_a.sql': migration('create table a (id int primary key);', 'drop table a;'),
  '00002_b.sql': migration('create index a_id on a (id);', 'drop index a_id;'),
  '00003_c.sql': migration('create table c (id int);', 'drop table c;'),
}

const project = (name: string): Project =>
  makeProject({
    network: postgres.network,
    store: { [name]: files },
    state: 'state',
  })

const runningWith = async (...filters: string[]): Promise<string> =>
  docker(['ps', '--quiet', '--no-trunc', ...filters.flatMap((filter) => ['--filter', filter])])

const killed = async (where: Project, args: string, until: () => Promise<unknown>): Promise<void> => {
  const tool = startTool(args.split(' '), { cwd: where.directory })
  await eventually(`the moment to kill ${args}`, until)
  tool.child.kill('SIGKILL')
  await tool.ended
}

/** What the scratch server of this run has, once it answers. */
const onScratch = async (filter: string, database: string, sql: string): Promise<string | undefined> => {
  const [container] = (await runningWith(filter, 'name=-scratch$')).split('\n')
  if (!container) return undefined
  const query = ['psql', '-U', 'postgres', '-XqAtd', database, '-c', sql]
  return docker(['exec', container, ...query]).catch(() => undefined)
}

const ourServer = (): string => `label=po-migrate.server=${postgres.container}`
const moments: readonly [string, (database: string) => Promise<unknown>][] = [
  [
    'while the scratch server starts',
    () => runningWith(ourServer(), 'name=-scratch$').then((id) => id || undefined),
  ],
  [
    'while files are applied to it',
    async (database) => (await onScratch(ourServer(), database, "select to_regclass('a')")) || undefined,
  ],
  [
    'while it waits to record',
    async () =>
      (await postgres.psql(
        'postgres',
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ilike '%schema_migrations%' limit 1",
      )) || undefined,
  ],
]

describe('adopt, killed', () => {
  it.each(moments)(
    '%s: has recorded nothing, and the next one records what is proven',
    async (moment, reached) => {
      const database = `adopted_${moments.findIndex(([name]) => name === moment)}`
      using where = project(database)
      await postgres.psql('postgres', `create database ${database}`)
      await postgres.psql(database, 'create table a (id int primary key); create index a_id on a (id)')
      // dbmate's table is made in the transaction that records: an empty schema of its name holds it up.
      const holds = moment === 'while it waits to record'
      const holder = await openSession(postgres, database, 'holder')
      await holder.query('begin')
      if (holds) await holder.query('create table public.schema_migrations (version varchar primary key)')
      await killed(where, 'adopt dev --confirm yes', () => reached(database))
      await holder.query('rollback')
      await holder.end()
      expect(
        await postgres.psql(
          database,
          "select coalesce(to_regclass('schema_migrations')::text, to_regclass('po_migrate.ledger')::text, 'neither')",
        ),
      ).toBe('neither')
      const again = await runIn(where, 'adopt dev --confirm yes')
      expect(again.exit, again.stderr).toBe(0)
      expect(await postgres.versions(database)).toBe('00001 00002')
      expect(await docker(['ps', '--all', '--quiet', '--filter', ourServer()])).toBe('')
      const up = await runIn(where, 'up dev')
      expect([up.exit, await postgres.versions(database)]).toEqual([0, '00001 00002 00003'])
    },
  )
})

describe('verify, killed', () => {
  const ours = 'label=po-migrate.server=verify'
  it.each<[string, () => Promise<unknown>]>([
    ['while its server starts', () => runningWith(ours, 'name=-scratch$').then((id) => id || undefined)],
    [
      'in the middle of a file',
      async () => (await onScratch(ours, 'shop', "select to_regclass('a')")) || undefined,
    ],
  ])('%s: the next one removes what it left, and verifies', async (_, reached) => {
    const left = async (): Promise<string[]> =>
      (await docker(['ps', '--all', '--quiet', '--filter', 'label=po-migrate.databases=shop']))
        .split('\n')
        .filter(Boolean)
    const before = await left()
    using where = project('shop')
    await killed(where, `verify --image ${postgresImage}`, reached)
    const again = await runIn(where, `verify --image ${postgresImage}`)
    expect(again.exit, again.stderr).toBe(0)
    expect(await docker(['ps', '--all', '--quiet', '--filter', ours])).toBe('')
    // dbmate's are known by the scratch server that they spoke to.
    expect((await left()).filter((id) => !before.includes(id))).toEqual([])
  })
})
