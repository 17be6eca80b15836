import { describe, expect, it, vi } from 'vitest'
import { driftDocument } from '../../src/report/drift-documents.ts'
import { countBuilds } from '../support/engine/count-containers.ts'
import { postgresImage } from '../support/engine/images.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { publicSizeStore, wideStore } from '../support/schema/large-store.ts'
import { makeProject, type Project, type Store } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

vi.setConfig({ testTimeout: 600_000 })

const postgres = usePostgres()

const project = (id: string, store: Store): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
    edit: (config) => {
      config.project = id
    },
  })

const upOf = (text: string): string =>
  text.slice(text.indexOf('-- migrate:up'), text.indexOf('-- migrate:down'))

const makeByHand = async (database: string, files: Record<string, string>, count: number): Promise<void> => {
  await postgres.psql('postgres', `create database ${database}`)
  for (const text of Object.values(files).slice(0, count)) await postgres.psql(database, upOf(text))
}

/** What `PO_SHOW` is for: how long it took. */
const timed = async <T>(what: string, body: () => Promise<T>): Promise<T> => {
  const started = performance.now()
  const result = await body()
  if (process.env.PO_SHOW)
    process.stderr.write(
      `${what}: ${Math.round(performance.now() - started)} ms, ${Math.round(process.resourceUsage().maxRSS / 1024)} MB\n`,
    )
  return result
}

describe('a schema of 300 tables', () => {
  it('is adopted over 100 migrations in fewer than 10 builds, and compared in one', async () => {
    const files = publicSizeStore(100, 3)
    using made = project('sizes-public', { large: files })
    await makeByHand('large', files, 87)
    const adopting = countBuilds('sizes-public')
    const adopted = await timed('adopt', () => runIn(made, 'adopt dev --confirm yes'))
    expect([adopted.exit, adopted.stdout]).toEqual([
      0,
      expect.stringMatching(/large {2}87 migrations proven, by \d /),
    ])
    expect(await adopting()).toBeLessThan(10)
    expect(await postgres.versions('large')).toMatch(/ 00087$/)

    await postgres.psql('large', 'drop index t200_name; alter table t17 alter name type varchar(90)')
    const comparing = countBuilds('sizes-public')
    const { exit, stdout } = await timed('drift', () => runIn(made, 'drift dev --json'))
    const [large] = driftDocument.parse(JSON.parse(stdout)).databases
    expect([exit, large?.applied, large?.differences.map(({ object }) => object)]).toEqual([
      3,
      87,
      ['table public.t17', 'index public.t200_name'],
    ])
    expect(await comparing()).toBe(1)
  })
})

describe('5,000 tables in one database', () => {
  it('are compared, and verified, like few', async () => {
    using made = project('sizes-wide', { wide: wideStore(2, 2500) })
    expect(await runIn(made, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql('wide', 'alter table w1_77 drop n; drop table w0_1; create index odd on w0_2 (id)')
    const { exit, stdout } = await timed('drift of 5,000', () => runIn(made, 'drift dev --json'))
    const [wide] = driftDocument.parse(JSON.parse(stdout)).databases
    expect([exit, wide?.error, wide?.differences.map(({ object, state }) => `${object} ${state}`)]).toEqual([
      3,
      undefined,
      ['table public.w0_1 missing', 'table public.w1_77 changed', 'index public.odd unexpected'],
    ])
    expect(
      await timed('verify of 5,000', () => runIn(made, `verify --image ${postgresImage}`)),
    ).toMatchObject({ exit: 0, stdout: expect.stringContaining('every one as it should be') })
  })
})
