import { describe, expect, it } from 'vitest'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import {
  makeProject,
  migration,
  type Project,
  type ProjectConfig,
  type Store,
} from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (store: Store, edit: (config: ProjectConfig) => void = () => {}): Project =>
  makeProject({
    network: postgres.network,
    store,
    edit: (config) => {
      delete config.environments.dev.policy
      edit(config)
    },
  })
/** `dev` and `live`, which asks before it applies, on hosts of their own. */
const withLive = (config: ProjectConfig): void => {
  config.hosts.other = {}
  config.environments.live = { ...config.environments.dev, host: 'other', suffix: '_live', confirm: true }
}
const orders = 'create table orders (id bigint primary key, note text);'
const index = 'create index orders_note_idx on orders (note);'

describe('what lint warns about', () => {
  it('passes on a laptop, and is refused where a confirmation is asked for, with all that helps', async () => {
    using files = project(
      { warned: { '00001_a.sql': migration(`${orders} insert into orders values (1);`) } },
      withLive,
    )
    for (const environment of ['dev', 'live'])
      expect(await runIn(files, `up ${environment} --confirm yes`)).toMatchObject({ exit: 0 })
    files.migrations({ warned: { '00002_b.sql': migration(`${index}\ncreate index on orders (id);`) } })
    const refused = await runIn(files, 'up live --confirm yes')
    expect(refused).toMatchObject({ exit: 4, stdout: '' })
    for (const words of [
      'warned/00002_b.sql:2: orders: building orders_note_idx blocks every write',
      'and 1 more: warned/00002_b.sql:3',
      '-- po-migrate:ignore require-concurrent-index-creation REASON',
      '--accept-warning require-concurrent-index-creation',
      'policy: { warnings: allow }',
    ])
      expect(refused.stderr.replaceAll(/\n\s*/g, ' ')).toContain(words)
    expect((await runIn(files, 'plan live')).stderr.replaceAll(/\n\s*/g, ' ')).toContain(
      'up will refuse: warned/00002_b.sql:2: orders: building orders_note_idx',
    )

    const allowed = await runIn(files, 'up dev')
    expect(allowed.exit).toBe(0)
    expect(allowed.stderr.replaceAll(/\n\s*/g, ' ')).toContain('allowed here; live refuses it')
    expect(
      await runIn(files, 'up live --confirm yes --accept-warning require-concurrent-index-creation'),
    ).toMatchObject({ exit: 0 })
  })

  it('is told where it is silent for an empty table, and another environment would refuse it', async () => {
    using files = project({ silent: { '00001_a.sql': migration(orders) } }, withLive)
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    files.migrations({ silent: { '00002_b.sql': migration(index) } })
    const told =
      'the table is empty here; where it has rows, live refuses it, unless it says "-- po-migrate:ignore require-concurrent-index-creation REASON"'
    const planned = await runIn(files, 'plan dev --exit-code')
    expect(planned.exit).toBe(3)
    expect(planned.stderr.replaceAll(/\n\s*/g, ' ')).toContain(told)
    const { notes, refusals } = JSON.parse((await runIn(files, 'plan dev --json')).stdout)
    expect(refusals).toEqual([])
    expect(notes.join(' ')).toContain('silent/00002_b.sql:2: orders: building orders_note_idx')
    files.migrations({
      silent: {
        '00002_b.sql': migration(
          `-- po-migrate:ignore require-concurrent-index-creation it stays small\n${index}`,
        ),
      },
    })
    expect((await runIn(files, 'up dev')).stderr).not.toContain('the table is empty here')
  })
})

describe('a down section', () => {
  const faulty = migration('create table lamps (id bigint);', 'drop tabel lamps;')

  it('that cannot run stops no up, is told there, and stops the rollback before anything is touched', async () => {
    using files = project({ faulty: { '00001_a.sql': faulty } })
    expect(await runIn(files, 'lint')).toMatchObject({
      exit: 2,
      stdout: expect.stringContaining('00001_a.sql:5:6'),
    })
    const applied = await runIn(files, 'up dev')
    expect(applied.exit).toBe(0)
    expect(applied.stderr.replaceAll(/\n\s*/g, ' ')).toContain(
      'faulty/00001_a.sql:5: syntax error at or near "tabel" (syntax) stops no run',
    )
    const refused = await runIn(files, 'rollback dev --db faulty')
    expect(refused.exit).toBe(2)
    expect(refused.stderr).toContain('faulty/00001_a.sql:5: syntax error at or near "tabel" (syntax)')
    expect(await postgres.versions('faulty')).toBe('00001')
    files.migrations({ faulty: { '00001_a.sql': `-- po-migrate:ignore syntax to see it fail\n${faulty}` } })
    expect(await runIn(files, 'rollback dev --db faulty')).toMatchObject({ exit: 1 })
  })

  it('is shown with what it loses, where there is something to lose', async () => {
    using files = project({
      losing: {
        '00001_a.sql': migration(orders, 'drop table orders;'),
        '00002_b.sql': migration(index, 'drop index orders_note_idx;'),
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql('losing', 'insert into orders values (1)')
    const undone = await runIn(files, 'rollback dev --db losing --steps 2')
    expect(undone.exit).toBe(0)
    expect(undone.stderr).toContain('losing/00001_a.sql:5: orders: what it holds is lost')
    expect(undone.stderr).toContain('losing/00002_b.sql:5: orders_note_idx: dropping it blocks every reader')

    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect((await runIn(files, 'rollback dev --db losing --steps 2')).stderr).not.toContain('is lost')
  })
})
