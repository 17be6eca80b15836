import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker, run } from '../support/engine/docker.ts'
import { dbmateImage } from '../support/engine/images.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { seededRandom } from '../support/random.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'

const bundle = join(import.meta.dirname, '../../dist/po-migrate.cjs')
const hook = join(import.meta.dirname, '../support/tool/count-loads.cjs')
const databases = ['iam', 'calendar', 'rag']

let postgres: TestPostgres
let project: Project
beforeAll(async () => {
  postgres = await startPostgres()
  await postgres.psql('postgres', 'alter system set log_connections = on')
  await postgres.psql('postgres', 'select pg_reload_conf()')
  const files = { '00001_a.sql': migration('create table a (id int);', 'drop table a;') }
  project = makeProject({
    network: postgres.network,
    store: Object.fromEntries(databases.map((name) => [name, files])),
    state: 'state',
  })
  const { exit, stderr } = await up()
  if (exit !== 0) throw new Error(stderr)
}, 180_000)
afterAll(async () => {
  project[Symbol.dispose]()
  await postgres[Symbol.asyncDispose]()
})

const tool = (args: readonly string[], options: readonly string[] = [], env = {}) =>
  run(process.execPath, [...options, bundle, ...args], {
    cwd: project.directory,
    env: { XDG_CACHE_HOME: join(project.directory, 'cache'), ...env },
  })

const up = () => tool(['up', 'dev'])

type Counted = { files: string[]; processes: number; builtins: string[] }

const counted = async (args: readonly string[]): Promise<Counted> => {
  const file = join(project.directory, 'counted.json')
  const { exit, stderr } = await tool(args, ['--require', hook], { COUNT_FILE: file })
  if (exit !== 0) throw new Error(stderr)
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Parts of the bundle, by the names of what they begin with. */
const parts = (files: readonly string[]): string[] =>
  files.flatMap((url) => /\/dist\/([a-z-]+?)(?:-[\w-]{8})?\.cjs$/.exec(url)?.[1] ?? []).sort()

/** Sessions that runs had in all, by Postgres' own log. */
const sessions = async (): Promise<number> => {
  const { stderr } = await run('docker', ['logs', postgres.container])
  const ours = /connection authorized:.*application_name=\d{8}T\d{6}-/
  return stderr.split('\n').filter((line) => ours.test(line)).length
}

describe('a run with nothing to do', () => {
  it('starts no process, and loads no part of the bundle that it does not use', async () => {
    const { files, processes, builtins } = await counted(['up', 'dev'])
    expect(processes).toBe(0)
    expect(files.filter((url) => url.includes('/dist/')).length).toBeLessThanOrEqual(55)
    expect(parts(files)).not.toContainEqual(
      expect.stringMatching(
        /^(execa|rulebook|catalogue|locked-run|lock-host|lock-databases|migrate-file|dbmate|engine|server-engine|rehearse|page|dispatch|serve|status|backup|cutover)$/,
      ),
    )
    const heavy = ['child_process', 'tls', 'https', 'internal/deps/undici/undici', 'internal/fs/cp/cp']
    expect(builtins.filter((name) => heavy.includes(name))).toEqual([])
  })

  it('asks each database in one session, and the server in one, and nothing runs in a container', async () => {
    const before = await sessions()
    const since = Math.floor(Date.now() / 1000)
    const { exit, stdout } = await up()
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining('nothing to do') })
    expect((await sessions()) - before).toBe(databases.length + 1)
    const until = Math.ceil(Date.now() / 1000)
    const events = ['--filter', 'event=create', '--filter', 'event=start', '--filter', 'event=exec_create']
    const seen = await docker([
      'events',
      '--since',
      String(since),
      '--until',
      String(until),
      '--filter',
      `container=${postgres.container}`,
      ...events,
    ])
    expect(seen).toBe('')
    expect(
      await docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.server=${postgres.container}`]),
    ).toBe('')
  })

  it('loads little for --help', async () => {
    const { files, processes } = await counted(['--help'])
    expect(processes).toBe(0)
    expect(parts(files)).toEqual(['cli', 'columns', 'po-migrate', 'rolldown-runtime', 'version', 'yargs'])
  })
})

describe('what up says of a random history', () => {
  it('is what dbmate status says', async () => {
    const random = seededRandom(16)
    for (let round = 0; round < 8; round++) {
      const versions = ['00001', '00002', '00003', '00004']
      const stored = versions.filter(() => random() < 0.7)
      const recorded = versions.filter(() => random() < 0.5)
      const name = `history_${round}`
      await postgres.psql('postgres', `create database ${name}`)
      await postgres.psql(name, 'create table schema_migrations (version varchar(128) primary key)')
      for (const version of recorded)
        await postgres.psql(name, `insert into schema_migrations values ('${version}')`)
      const files = Object.fromEntries(
        stored.map((version) => [`${version}_a.sql`, migration(`create table t${version} (id int);`)]),
      )
      using made = makeProject({
        network: postgres.network,
        store: { [name]: files },
        state: 'state',
      })
      if (stored.length === 0) continue
      const ours = await run(process.execPath, [bundle, 'up', 'dev', '--dry-run', '--json'], {
        cwd: made.directory,
        env: { XDG_CACHE_HOME: join(project.directory, 'cache') },
      })
      const url = `postgres://postgres:${postgres.password}@postgres/${name}?sslmode=disable`
      const mount = `${made.directory}/infrastructure/migrations/${name}:/m:ro`
      const options = [
        '--rm',
        '--network',
        postgres.network,
        '--volume',
        mount,
        '--env',
        `DATABASE_URL=${url}`,
      ]
      const theirs = await docker(['run', ...options, dbmateImage, '-d', '/m', 'status'])
      const pending = [...theirs.matchAll(/^\[ \] (\S+)$/gm)].map(([, file]) => file)
      const planned = (JSON.parse(ours.stdout).steps as { migration?: string }[]).flatMap(
        ({ migration: file }) => file ?? [],
      )
      expect({ name, planned }).toEqual({ name, planned: pending })
    }
  }, 600_000)
})
