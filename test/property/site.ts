import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { dbmateImage, postgresImage } from '../support/engine/images.ts'
import { openSession } from '../support/postgres/session.ts'
import { migration } from '../support/tool/project.ts'
import {
  type FileKind,
  rehearsed,
  type SiteName,
  type Stage,
  type StoreName,
  stages,
  stores,
} from './operation.ts'

export type MigrationFile = { version: string; kind: FileKind }

/** A project with its server; between two sequences everything in it is made anew but the server. */
export type Site = AsyncDisposable & {
  name: SiteName
  /** As its config has it. */
  project: string
  directory: string
  container: string
  server: { address: string; password: string }
  environment: (stage: Stage) => string
  /** Of each store, in order. */
  files: Record<StoreName, MigrationFile[]>
  add: (store: StoreName, kind: FileKind) => void
  /** Makes what fails right. */
  mend: () => void
  /** Days that its tool's clock is ahead. */
  days: number
  psql: (database: string, sql: string) => Promise<string>
  reset: () => Promise<void>
}

const password = 'kept apart'

const bodies: Record<FileKind, (version: string) => string> = {
  table: (version) => migration(`create table t_${version} as select 1 as n;`, `drop table t_${version};`),
  slow: (version) =>
    migration(
      `create table t_${version} as select 1 as n;\nselect pg_sleep(0.4);`,
      `select pg_sleep(0.2);\ndrop table t_${version};`,
    ),
  index: (version) =>
    `-- migrate:up transaction:false\ncreate index concurrently i_${version} on t_00001 (n);\n\n-- migrate:down\ndrop index i_${version};\n`,
  failing: (version) => migration(`create table t_${version} as select 1 as n;\nselect 1 / 0;`),
}

const startServer = async (network: string): Promise<{ container: string; address: string }> => {
  await docker(['network', 'create', network])
  const names = ['--name', `${network}-postgres`, '--network', network, '--network-alias', 'postgres']
  const env = ['--env', `POSTGRES_PASSWORD=${password}`, '--env', 'POSTGRES_INITDB_ARGS=--no-sync']
  const container = await docker(['run', '--detach', ...names, ...env, postgresImage, '-c', 'fsync=off'])
  const ask = ['exec', container, 'sh', '-c', 'pg_isready --quiet --host "$HOSTNAME"']
  await eventually(
    'Postgres to answer',
    async () => (await run('docker', ask)).exit === 0 || undefined,
    60_000,
  )
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  return { container, address: await docker(['inspect', '--format', format, container]) }
}

const configOf = (site: Pick<Site, 'project' | 'environment'>, network: string): string => {
  const environment = (stage: Stage) => ({
    host: 'local',
    network,
    suffix: `_${stage}`,
    password: { env_file: 'postgres.env' },
    wait: 20,
    rehearse: rehearsed.has(stage) ? 'schema' : 'off',
    policy: { out_of_order: 'allow', missing: 'allow', warnings: 'allow' },
  })
  return stringify({
    project: site.project,
    state: '../../state',
    dbmate: { image: dbmateImage },
    retain: { backups: 2, replaced: 1 },
    hosts: { local: {} },
    environments: Object.fromEntries(stages.map((stage) => [site.environment(stage), environment(stage)])),
    databases: Object.fromEntries(stores.map((store) => [store, null])),
  })
}

export type SiteOptions = {
  name: SiteName
  /** Directory that both projects of a lane stand in, with their state. */
  home: string
  /** What sets this lane's environments apart from those of others on the engine. */
  lane: string
}

/** Starts its server. */
export const makeSite = async ({ name, home, lane }: SiteOptions): Promise<Site> => {
  const network = `pmt-property-${lane}-${name}-${randomBytes(3).toString('hex')}`
  const { container, address } = await startServer(network)
  const server = { address, password }
  const directory = join(home, name)
  const write = (path: string, text: string): void => {
    const file = join(directory, 'infrastructure', path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text)
  }
  const writeFile = (store: StoreName, { version, kind }: MigrationFile): void =>
    write(`migrations/${store}/${version}_it.sql`, bodies[kind](version))
  const psql = async (database: string, sql: string): Promise<string> => {
    await using session = await openSession(server, database, 'looking')
    const { rows } = await session.query({ text: sql, rowMode: 'array' })
    return (rows as unknown[][] | undefined)?.map((row) => row.join('|')).join('\n') ?? ''
  }
  const site: Site = {
    name,
    project: `${name}-project`,
    directory,
    container,
    server,
    environment: (stage) => `${stage}-${lane}`,
    files: { app: [], partner_onboarding_document_store: [] },
    add: (store, kind) => {
      const files = site.files[store]
      const file = { version: String(files.length + 1).padStart(5, '0'), kind }
      files.push(file)
      writeFile(store, file)
    },
    mend: () => {
      for (const store of stores)
        for (const file of site.files[store])
          if (file.kind === 'failing') {
            file.kind = 'table'
            writeFile(store, file)
          }
    },
    days: 0,
    psql,
    reset: async () => {
      const names = await psql(
        'postgres',
        "select datname from pg_database where datname !~ '^(postgres|template.)$'",
      )
      for (const database of names.split('\n').filter(Boolean))
        await psql('postgres', `drop database "${database}" with (force)`)
      rmSync(directory, { recursive: true, force: true })
      site.files = { app: [], partner_onboarding_document_store: [] }
      site.days = 0
      write('migrate.yaml', configOf(site, network))
      write('postgres.env', `POSTGRES_PASSWORD='${password}'\n`)
      for (const store of stores)
        mkdirSync(join(directory, 'infrastructure/migrations', store), { recursive: true })
    },
    [Symbol.asyncDispose]: async () => {
      await run('docker', ['rm', '--force', '--volumes', container])
      await run('docker', ['network', 'rm', network])
    },
  }
  return site
}
