import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { docker, run } from '../support/engine/docker.ts'
import { dbmateImage, postgresImage } from '../support/engine/images.ts'
import { migration } from '../support/tool/project.ts'
import type { SiteName } from './operation.ts'

/** A project whose host `dev` has a stack and a volume of its own. */
export type StackSite = AsyncDisposable & {
  name: SiteName
  project: string
  directory: string
  volume: string
  /** Number of its files, all of them plain tables. */
  files: number
  add: () => void
  /** Days that its tool's clock is ahead. */
  days: number
  /** undefined: no server runs. */
  psql: (database: string, sql: string) => Promise<string | undefined>
  copies: () => Promise<string[]>
  /** Without a stack, a volume or a file. */
  reset: () => Promise<void>
}

const composeOf = ({
  project,
  volume,
  network,
}: {
  project: string
  volume: string
  network: string
}): string =>
  stringify({
    name: project,
    services: {
      postgres: {
        image: postgresImage,
        command: ['-c', 'fsync=off'],
        environment: { POSTGRES_PASSWORD: 'postgres', POSTGRES_INITDB_ARGS: '--no-sync' },
        volumes: ['data:/var/lib/postgresql/data'],
        networks: ['postgres'],
        healthcheck: {
          test: ['CMD-SHELL', 'pg_isready --quiet --host "$$HOSTNAME" --username postgres'],
          interval: '1s',
          start_period: '120s',
        },
        init: true,
      },
    },
    networks: { postgres: { name: network, external: true } },
    volumes: { data: { name: volume, external: true } },
  })

const configOf = ({ project, volume, network, compose }: Record<string, string>): string =>
  stringify({
    project,
    state: '../../state',
    dbmate: { image: dbmateImage },
    hosts: {
      dev: { volume, stack: { file: 'compose.yml', project: compose }, cutover: { abort_window: 0 } },
    },
    environments: {
      dev: {
        host: 'dev',
        network,
        password: { env_file: 'postgres.env' },
        wait: 20,
        policy: { out_of_order: 'allow', missing: 'allow', warnings: 'allow' },
      },
    },
    databases: { app: null },
  })

const lines = (text: string): string[] => text.split('\n').filter(Boolean)

/** Nothing of it runs yet. */
export const makeStackSite = (name: SiteName, home: string): StackSite => {
  const names = `pmt-property-${name}-${randomBytes(3).toString('hex')}`
  const [volume, network, container] = [`${names}-data`, `${names}-network`, `${names}-postgres-1`]
  const directory = join(home, name)
  const copies = async (): Promise<string[]> =>
    lines(await docker(['volume', 'ls', '--quiet', '--filter', `label=po-migrate.copy-of=${volume}`]))
  const remove = async (): Promise<void> => {
    const ours = lines((await run('docker', ['ps', '--all', '--quiet', '--filter', `name=${names}`])).stdout)
    const guards = lines(
      (await run('docker', ['ps', '--all', '--quiet', '--filter', `name=${volume}`])).stdout,
    )
    if (ours.length + guards.length > 0)
      await run('docker', ['rm', '--force', '--volumes', ...new Set([...ours, ...guards])])
    for (const one of [volume, ...(await copies())]) await run('docker', ['volume', 'rm', '--force', one])
    await run('docker', ['network', 'rm', network])
  }
  const write = (path: string, text: string): void => {
    mkdirSync(join(directory, 'infrastructure', path, '..'), { recursive: true })
    writeFileSync(join(directory, 'infrastructure', path), text)
  }
  const site: StackSite = {
    name,
    project: `${name}-project`,
    directory,
    volume,
    files: 0,
    days: 0,
    add: () => {
      const version = String(++site.files).padStart(5, '0')
      const text = migration(`create table t_${version} as select 1 as n;`, `drop table t_${version};`)
      write(`migrations/app/${version}_it.sql`, text)
    },
    psql: async (database, sql) => {
      const command = ['exec', container, 'psql', '-U', 'postgres', '-d', database, '-XAtqc', sql]
      const { exit, stdout } = await run('docker', command)
      return exit === 0 ? stdout.trim() : undefined
    },
    copies,
    reset: async () => {
      await remove()
      rmSync(directory, { recursive: true, force: true })
      site.files = 0
      site.days = 0
      write('compose.yml', composeOf({ project: names, volume, network }))
      write('migrate.yaml', configOf({ project: site.project, volume, network, compose: names }))
      write('postgres.env', "POSTGRES_PASSWORD='postgres'\n")
      site.add()
    },
    [Symbol.asyncDispose]: remove,
  }
  return site
}
