import { describe, expect, it } from 'vitest'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (store: Store, database: object = {}): Project =>
  makeProject({
    network: postgres.network,
    store,
    edit: (config) => {
      config.environments.dev.policy = { warnings: 'refuse' }
      config.databases = Object.fromEntries(Object.keys(store).map((name) => [name, database]))
    },
  })

/** `line:rule` of what policy refuses. */
const refused = async (files: Project): Promise<string[]> => {
  const { stdout } = await runIn(files, 'plan dev --json')
  const { refusals } = JSON.parse(stdout) as { refusals: { message: string; subject: string }[] }
  return refusals.map(({ message, subject }) => `${/sql:(\d+)/.exec(message)?.[1]}:${subject}`)
}

const index = (table: string): string => `create index on ${table} (id);`

describe('what is done to a table', () => {
  it('is refused once it has a row, and again after the row was deleted: pages stay until a VACUUM', async () => {
    using files = project({
      sized: { '00001_a.sql': migration('create table orders (id bigint primary key);') },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    files.migrations({ sized: { '00002_b.sql': migration(index('orders')) } })
    expect(await refused(files)).toEqual([])
    await postgres.psql('sized', 'insert into orders values (1)')
    expect(await refused(files)).toEqual(['2:require-concurrent-index-creation'])
    await postgres.psql('sized', 'delete from orders')
    expect(await refused(files)).toEqual(['2:require-concurrent-index-creation'])
    await postgres.psql('sized', 'vacuum orders')
    expect(await refused(files)).toEqual([])
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })

  it('is free where the run makes it, in whichever of its files', async () => {
    using files = project({
      made: {
        '00001_a.sql': migration(
          'create table orders (id bigint primary key); insert into orders values (1);',
        ),
        '00002_b.sql': migration(`${index('orders')} alter table orders add check (id > 0);`),
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    files.migrations({ made: { '00003_c.sql': migration(index('orders')) } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 4 })
  })

  it('is judged by all of its parts, and by its own schema', async () => {
    using files = project({ parts: { '00001_a.sql': migration(parts) } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const full = ['events', 'parents', 'sales', 'shop.orders', '"Ör.ders"']
    const empty = ['logs', 'childless', 'none', 'orders', 'never_analyzed', '"Or.ders"']
    const statements = [...full, ...empty].map(index)
    const drops = ['drop index orders_idx;', 'drop index shop.orders_idx;', 'drop view seen;']
    const renamed = 'alter table never_analyzed rename to analyzed;'
    files.migrations({ parts: { '00002_b.sql': migration([...statements, ...drops, renamed].join('\n')) } })
    expect(await refused(files)).toEqual([
      ...full.map((_, line) => `${line + 2}:require-concurrent-index-creation`),
      '14:require-concurrent-index-deletion',
      '15:ban-drop-table',
      '16:renaming-table',
    ])
  })

  it('is judged along the search_path of the config', async () => {
    using files = project({ desk: { '00001_a.sql': migration(desk) } }, { search_path: 'desk, public' })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const both = migration(`${index('orders')}\n${index('chairs')}\n${index('lamps')}`)
    files.migrations({ desk: { '00002_b.sql': both } })
    expect(await refused(files)).toEqual([2, 4].map((line) => `${line}:require-concurrent-index-creation`))
  })

  it('counts as with rows where a lock is in the way of asking', async () => {
    using files = project({ locked: { '00001_a.sql': migration('create table orders (id bigint);') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    files.migrations({ locked: { '00002_b.sql': migration(index('orders')) } })
    const holding = postgres.psql('locked', 'begin; lock table orders; select pg_sleep(8); commit')
    await expect
      .poll(() => postgres.psql('locked', "select count(*) from pg_locks where mode = 'AccessExclusiveLock'"))
      .toBe('1')
    expect(await refused(files)).toEqual(['2:require-concurrent-index-creation'])
    await holding
    expect(await refused(files)).toEqual([])
  })
})

const parts = `
  create table events (id bigint) partition by list (id);
  create table events_1 partition of events for values in (1);
  create table events_2 partition of events for values in (2) partition by list (id);
  create table events_3 partition of events_2 default;
  insert into events values (2);
  create table logs (id bigint) partition by list (id);
  create table logs_1 partition of logs default;
  create table parents (id bigint);
  create table children () inherits (parents);
  insert into children values (1);
  create table childless (id bigint);
  create table child () inherits (childless);
  create materialized view sales as select 1::bigint as id;
  create materialized view none as select 1::bigint as id where false;
  create table orders (id bigint);
  create index orders_idx on orders (id);
  create schema shop;
  create table shop.orders (id bigint);
  create index orders_idx on shop.orders (id);
  insert into shop.orders values (1);
  create table "Ör.ders" (id bigint);
  insert into "Ör.ders" values (1);
  create table "Or.ders" (id bigint);
  create table never_analyzed (id bigint);
  create view seen as select id from never_analyzed;
`

const desk = `
  create schema if not exists desk;
  create table desk.orders (id bigint);
  insert into desk.orders values (1);
  create table public.orders (id bigint);
  create table desk.chairs (id bigint);
  create table public.chairs (id bigint);
  insert into public.chairs values (1);
  create table public.lamps (id bigint);
  insert into public.lamps values (1);
`
