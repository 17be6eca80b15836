import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker, eventually } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import type { ToolResult } from '../support/tool/tool.ts'

/** CI repeats it a little; `PO_REPEAT=20` is what docs/reliability.md counts. */
const rounds = Number(process.env.PO_REPEAT ?? 2)

let postgres: TestPostgres
/** A copy of the bundle: whoever builds meanwhile does not pull it away. */
let bundle: string
beforeAll(async () => {
  bundle = mkdtempSync(join(tmpdir(), 'pmt-bundle-'))
  cpSync(join(import.meta.dirname, '../../dist'), bundle, { recursive: true })
  postgres = await startPostgres()
})
afterAll(async () => {
  rmSync(bundle, { recursive: true, force: true })
  await postgres[Symbol.asyncDispose]()
})

/** Each file can be applied only once: the second time its table exists. */
const files = Object.fromEntries(
  ['00001', '00002', '00003'].map((version) => [
    `${version}_t.sql`,
    migration(`create table t${version} (id int);\nselect pg_sleep(0.05);`),
  ]),
)

const databases = ['iam', 'calendar', 'rag'] as const

const project = (round: number): Project =>
  makeProject({
    network: postgres.network,
    store: Object.fromEntries(databases.map((name) => [name, files])),
    state: 'state',
    edit: (config) => {
      const { dev } = config.environments
      config.environments = {
        qual: { ...dev, suffix: `_qual${round}` },
        prod: { ...dev, suffix: `_prod${round}` },
      }
    },
  })

/** Eight on one environment, of which two do not wait and two name databases in opposite orders; a ninth on another one. */
const commands = [
  ...Array.from({ length: 4 }, () => ['up', 'qual']),
  ['up', 'qual', '--db', 'iam', '--db', 'rag'],
  ['up', 'qual', '--db', 'rag', '--db', 'iam'],
  ...Array.from({ length: 2 }, () => ['up', 'qual', '--lock-wait', '0']),
  ['up', 'prod', '--lock-wait', '0'],
]

const attempts = (database: string): Promise<string> =>
  postgres.psql(
    database,
    "select string_agg(version || ' ' || outcome, ', ' order by id) from po_migrate.ledger",
  )

const runsIn = (suffix: string): Promise<string> => {
  const union = databases.map((name) => `select '${name + suffix}' as name`).join(' union ')
  return postgres.psql(
    'postgres',
    `select count(*) from pg_stat_activity join (${union}) managed on datname = managed.name`,
  )
}

const leftContainers = async (suffix: string): Promise<string[]> => {
  const format = '{{.Names}} {{.Label "po-migrate.databases"}}'
  const all = await docker(['ps', '--all', '--filter', 'label=po-migrate.run', '--format', format])
  return all.split('\n').filter((line) => line.includes(suffix))
}

type Count = { applied: number; idle: number; locked: number }

const judge = (results: readonly ToolResult[], counts: Count): void => {
  for (const { exit, stdout, stderr } of results) {
    expect([0, 5], stderr).toContain(exit)
    if (exit === 5) {
      expect(stderr).toMatch(/_qual\d+ is locked by another run: \S+@\S+, pid \d+, "po-migrate up qual/)
      counts.locked++
    } else if (/: [1-9]\d* migrations? applied in/.test(stdout)) counts.applied++
    else counts.idle++
  }
}

describe('nine runs at once, eight of them on one environment', () => {
  const counts: Count = { applied: 0, idle: 0, locked: 0 }
  let longest = 0
  afterAll(() => {
    const { applied, idle, locked } = counts
    console.log(
      `${rounds} rounds: ${applied} runs applied something, ${idle} waited and had nothing to do, ${locked} ended with 5; the longest round took ${longest.toFixed(1)} s`,
    )
  })

  it.each(Array.from({ length: rounds }, (_, index) => index + 1))(
    'apply every migration once, and none hangs (round %i)',
    async (round) => {
      using checkout = project(round)
      const started = performance.now()
      const tools = commands.map((args) =>
        startTool(args, { cwd: checkout.directory, entry: join(bundle, 'po-migrate.cjs') }),
      )
      const results = await Promise.all(tools.map(({ ended }) => ended))
      const took = (performance.now() - started) / 1000
      longest = Math.max(longest, took)
      expect(took).toBeLessThan(45)
      judge(results, counts)
      expect(results.at(-1)).toMatchObject({
        exit: 0,
        stdout: expect.stringContaining('9 migrations applied'),
      })
      // Those that wait a minute never give up.
      for (const { exit, stderr } of results.slice(0, 6)) expect(exit, stderr).toBe(0)
      for (const suffix of [`_qual${round}`, `_prod${round}`]) {
        for (const name of databases)
          expect(await attempts(name + suffix)).toBe('00001 done, 00002 done, 00003 done')
        await eventually('every session to end', async () => (await runsIn(suffix)) === '0' || undefined)
        expect(await leftContainers(suffix)).toEqual([])
      }
    },
    60_000,
  )
})
