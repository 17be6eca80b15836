import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { docker } from '../support/engine/docker.ts'
import { renderChart } from './chart.ts'
import { measure, type Row } from './measure.ts'
import { bash, help, native, node, nodePgMigrate, peakMemory, tool, toolNative } from './runners.ts'
import { openWorld, type World } from './world.ts'

/*
 * po-migrate beside the plain bash runner and beside dbmate's binary, on throwaway servers. They take turns; what counts is
 * their ratio in one run on an idle machine, never a time alone.
 */
const rounds = Number(process.env.ROUNDS ?? 7)
/** Of the large cases, which take minutes. */
const largeRounds = Number(process.env.LARGE_ROUNDS ?? 3)
const many = Number(process.env.DATABASES ?? 200)
/** Once, and not by bash, which takes minutes with nothing to do. */
const most = Number(process.env.MOST_DATABASES ?? 1000)
const directory = join(import.meta.dirname, '../../docs/benchmarks')

const rows: Row[] = []
/** MiB, of a run over the most databases with nothing to do. */
let memory = Number.NaN

const number = (value: number): string => value.toFixed(value < 1 ? 2 : 1)

const tell = (row: Row): Row => {
  rows.push(row)
  const said = Object.entries(row.ratios).map(
    ([name, { median, least, most }]) =>
      `${number(1 / median)} times as fast as ${name} (${number(1 / most)} to ${number(1 / least)})`,
  )
  const own = Object.entries(row.times)[0]
  console.info(`${row.what}: ${said.join(', ') || `${Math.round(own?.[1].median ?? 0)} ms`}`)
  return row
}

const few = ['iam', 'calendar', 'rag']
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `db_${index + 1}`)
const secondsOf = ({ times }: Row, name: string): number =>
  Number(((times[name]?.median ?? Number.NaN) / 1000).toFixed(3))

const fromEmpty = async (world: World, count: number): Promise<Row> => {
  world.files(count)
  const row = await measure({
    what: `${world.databases.length} databases from empty, ${count} files each`,
    ...{ world, rounds, runners: [tool, bash, native, toolNative] },
    before: world.dropAll,
    expected: () => world.databases.length * count,
  })
  return tell(row)
}

/** All that can do this job; node-pg-migrate has databases of its own, since they are not dbmate's. */
const all = [tool, bash, native, toolNative, nodePgMigrate] as const

const benchFew = async (): Promise<void> => {
  await using world = await openWorld(few)
  for (const name of few) await world.postgres.psql('postgres', `create database ${name}_plain`)
  const counts = [1, 5, 10, 30]
  const empty: Row[] = []
  for (const count of counts) empty.push(await fromEmpty(world, count))
  await nodePgMigrate.run(world)
  tell(await measure({ what: '3 databases, nothing pending', ...{ world, rounds, runners: all } }))
  tell(
    await measure({
      what: '1 of 3 databases has a pending file',
      ...{ world, rounds, runners: all },
      before: (_, { kind }) => world.oneMore('iam', kind),
    }),
  )
  tell(await measure({ what: '--help', world, rounds, runners: [help, node] }))
  const lineOf = (name: string) => ({
    name,
    points: empty.map((row, index) => [counts[index] ?? 0, secondsOf(row, name)] as const),
  })
  chart('files', {
    title: 'First up of three databases',
    x: 'files in each database',
    lines: [tool, bash, native].map(({ name }) => lineOf(name)),
  })
}

const three = [tool, bash, native] as const

const nothing = async (count: number, times: number): Promise<Row> => {
  await using world = await openWorld(numbered(count), true)
  world.files(1)
  await tool.run(world)
  const what = `${count} databases, nothing pending`
  const runners = count === most ? ([tool, native] as const) : three
  const row = tell(await measure({ what, ...{ world, rounds: times, runners } }))
  if (count === most) memory = await peakMemory(world)
  if (count < many) return row
  tell(
    await measure({
      what: `${count} databases, one file pending in each`,
      ...{ world, rounds: 1, runners },
      before: () => world.oneMore(),
    }),
  )
  return row
}

const benchMany = async (): Promise<void> => {
  const counts = [1, Math.round(many / 4), Math.round(many / 2), many, most]
  const found: Row[] = []
  for (const count of counts) found.push(await nothing(count, count === most ? 1 : largeRounds))
  const lineOf = (name: string) => ({
    name,
    points: found.flatMap((row, index) =>
      row.times[name] ? [[counts[index] ?? 0, secondsOf(row, name)] as const] : [],
    ),
  })
  chart('databases', {
    title: 'Nothing pending',
    x: 'databases',
    lines: three.map(({ name }) => lineOf(name)),
  })
}

const chart = (name: string, about: Omit<Parameters<typeof renderChart>[0], 'y'>): void =>
  writeFileSync(join(directory, `${name}.svg`), renderChart({ ...about, y: 'seconds' }))

const main = async (): Promise<void> => {
  mkdirSync(directory, { recursive: true })
  await benchFew()
  await benchMany()
  const [cpu] = cpus()
  const on = {
    cores: cpus().length,
    cpu: cpu?.model,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    docker: await docker(['version', '--format', '{{.Server.Version}}']),
    date: new Date().toISOString().slice(0, 10),
  }
  writeFileSync(
    join(directory, 'results.json'),
    `${JSON.stringify({ on, rows, memory: { databases: most, MiB: memory } }, null, 2)}\n`,
  )
  console.info(`${most} databases, nothing pending: at most ${memory} MiB`)
  console.info(`written to ${directory}`)
}

await main()
