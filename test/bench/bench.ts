import { join } from 'node:path'
import { run } from '../support/engine/docker.ts'
import { dbmateImage } from '../support/engine/images.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'

/*
 * po-migrate beside the plain bash runner, on three databases of one throwaway Postgres. The two take turns, since a
 * shared machine has good and bad minutes; what counts is their ratio in one run, never a time alone.
 */
const rounds = Number(process.env.ROUNDS ?? 7)
const databases = ['iam', 'calendar', 'rag']
const filesEach = 10
const bundle = join(import.meta.dirname, '../../dist/po-migrate.cjs')
const plainRunner = join(import.meta.dirname, 'plain-runner.sh')

const files = Object.fromEntries(
  Array.from({ length: filesEach }, (_, index) => [
    `${String(index + 1).padStart(5, '0')}_table.sql`,
    migration(`create table t${index} (id bigint primary key);`, `drop table t${index};`),
  ]),
)
const store: Store = Object.fromEntries(databases.map((name) => [name, files]))

type Runner = { name: string; command: readonly string[] }
type World = { postgres: TestPostgres; project: Project }

const runners: readonly Runner[] = [
  { name: 'po-migrate', command: [process.execPath, bundle, 'up', 'dev'] },
  { name: 'bash', command: ['bash', plainRunner] },
]

/** Milliseconds of one call. @throws Error with its stderr when it fails. */
const time = async ({ postgres, project }: World, { name, command }: Runner): Promise<number> => {
  const { directory } = project
  const [file = '', ...args] = command
  const env = {
    XDG_STATE_HOME: join(directory, 'state'),
    DATABASES: databases.join(' '),
    NETWORK: postgres.network,
    MIGRATIONS: join(directory, 'infrastructure/migrations'),
    PASSWORD: postgres.password,
    DBMATE_IMAGE: dbmateImage,
  }
  const started = performance.now()
  const { exit, stderr } = await run(file, args, { cwd: directory, env })
  if (exit !== 0) throw new Error(`${name}: ${stderr}`)
  return performance.now() - started
}

const empty = async ({ postgres }: World): Promise<void> => {
  for (const name of databases)
    await postgres.psql('postgres', `drop database if exists ${name} with (force)`)
}

const expectApplied = async ({ postgres }: World, { name }: Runner): Promise<void> => {
  for (const database of databases) {
    const count = (await postgres.versions(database)).split(' ').length
    if (count !== filesEach) throw new Error(`${name} left ${database} with ${count} of ${filesEach} files`)
  }
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Both in turn, and a line: the ratio of the medians, and of the two in each round at its best and its worst. */
const compare = async (
  world: World,
  what: string,
  before: (world: World) => Promise<void>,
): Promise<void> => {
  const times = new Map(runners.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round++)
    for (const runner of round % 2 === 0 ? runners : runners.toReversed()) {
      await before(world)
      times.get(runner.name)?.push(await time(world, runner))
      await expectApplied(world, runner)
    }
  const [ours = [], theirs = []] = runners.map(({ name }) => times.get(name))
  const ratios = ours.map((ms, index) => ms / (theirs[index] ?? Number.NaN)).sort((a, b) => a - b)
  const [ratio, best, worst] = [median(ours) / median(theirs), ratios[0], ratios.at(-1)].map((value) =>
    (value ?? Number.NaN).toFixed(2),
  )
  console.info(`${what}: ${ratio} of bash's time (${best} to ${worst} in ${rounds} rounds)`)
}

const main = async (): Promise<void> => {
  await using postgres = await startPostgres()
  using project = makeProject({ network: postgres.network, store })
  const world: World = { postgres, project }
  await compare(world, `${databases.length} databases, ${filesEach} files each, all pending`, empty)
  await compare(world, `${databases.length} databases, nothing pending`, async () => {})
}

await main()
