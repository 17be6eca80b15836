import { setTimeout as sleep } from 'node:timers/promises'
import { type CommandResult, docker, eventually, run, uniqueName } from '../engine/docker.ts'
import { dbmateImage, postgresImage } from '../engine/images.ts'
import { makeProject, type Project, type Store } from '../tool/project.ts'

/** The files of the first database, one for each kind of step, and of the second. */
export const files = {
  first: ['00001', '00002', '00003', '00004', '00005'],
  second: ['00001', '00002'],
} as const

export type FaultWorld = AsyncDisposable & {
  project: Project
  databases: { first: string; second: string }
  /** Environment of the tool. */
  env: Record<string, string | undefined>
  /** Types a command that was printed, where it says. */
  paste: (command: string) => Promise<CommandResult>
  /** Of the engine that the tool asks. */
  docker: (...args: string[]) => Promise<string>
  psql: (database: string, sql: string) => Promise<string>
  /** What a run left of what it made: nothing is ''. */
  leftovers: () => Promise<string>
  /** The lock of the host that its runs hold. */
  hostLock: string
}

/** Postgres as a container of its own, beside the tool. */
export type ContainerWorld = FaultWorld & {
  network: string
  /** Postgres' container. */
  postgres: string
  /** With `smallDisk`: keeps Postgres' volume mounted, and fills it. */
  keeper: string | undefined
  /** Until Postgres answers again. */
  ready: () => Promise<void>
}

/** Nothing may hang: an answer in time, or an error. */
export const bounded = async <T>(what: string, ms: number, answer: Promise<T>): Promise<T> => {
  const late = new AbortController()
  const timer = sleep(ms, undefined, { signal: late.signal }).then(
    () => Promise.reject(new Error(`${what} took longer than ${ms / 1000} s`)),
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([answer, timer])
  } finally {
    late.abort()
  }
}

const up = '-- migrate:up'
const outside = '-- migrate:up transaction:false'
const down = '\n-- migrate:down\n'
const seconds = 2
const done = (version: string): string => `insert into applied_once values ('${version}');`
/** About 6 MB, so that a full disk is noticed. */
const bulk = (table: string): string =>
  `create table ${table} as select n, repeat(md5(n::text), 60) as text from generate_series(1, 3000) as n;`

const firstStore = {
  '00001_tables.sql': `${up}
create table applied_once (file text not null);
create table half (file text not null);
create table words (id integer, word text);
insert into words select n, (select string_agg(md5(n || ' ' || k), '') from generate_series(1, 60) as k)
  from generate_series(1, 1500) as n;
create function slowly(word text) returns text language plpgsql immutable as
  $$ begin perform pg_sleep(0.001); return word; end $$;
${done('00001')}
${down}`,
  '00002_transaction.sql': `${up}
${done('00002')}
select pg_sleep(${seconds});
${bulk('bulk')}
${down}`,
  '00003_index.sql': `${outside}
create index concurrently words_slowly on words (slowly(word));
${down}`,
  '00004_outside.sql': `${outside}
do $$ begin
  insert into half values ('00004');
  commit;
  perform pg_sleep(${seconds});
  ${bulk('bulk_too')}
  ${done('00004')}
end $$;
${down}`,
  '00005_after.sql': `${up}\n${done('00005')}\n${down}`,
}

const secondStore = {
  '00001_tables.sql': `${up}\ncreate table applied_once (file text not null);\n${done('00001')}\n${down}`,
  '00002_after.sql': `${up}\n${done('00002')}\n${down}`,
}

/** Two databases with every kind of step, under names of their own. */
export const makeStore = (id: string): { databases: FaultWorld['databases']; store: Store } => {
  const databases = { first: `alpha_${id}`, second: `beta_${id}` }
  return { databases, store: { [databases.first]: firstStore, [databases.second]: secondStore } }
}

const dataDirectory = '/var/lib/postgresql/data'

const smallVolume = async (name: string): Promise<string> => {
  const options = ['type=tmpfs', 'device=tmpfs', 'o=size=220m'].flatMap((option) => ['--opt', option])
  await docker(['volume', 'create', '--driver', 'local', ...options, name])
  const mount = ['--volume', `${name}:/data`, '--entrypoint', '/bin/sh']
  return docker(['run', '--detach', '--network', 'none', ...mount, dbmateImage, '-c', 'sleep 3600'])
}

/** A Postgres of its own and a project with every kind of step, nothing applied yet. */
export const makeContainerWorld = async (smallDisk: boolean): Promise<ContainerWorld> => {
  const network = uniqueName('faults')
  const postgres = `${network}-postgres`
  await docker(['network', 'create', network])
  const keeper = smallDisk ? await smallVolume(network) : undefined
  const volume = smallDisk ? ['--volume', `${network}:${dataDirectory}`] : []
  const names = ['--name', postgres, '--network', network, '--network-alias', 'postgres']
  // A killed process loses nothing of what the kernel has.
  const quick = ['--env', 'POSTGRES_INITDB_ARGS=--no-sync']
  const settings = ['-c', 'fsync=off', '-c', 'max_wal_size=48MB', '-c', 'min_wal_size=32MB']
  await docker([
    ...[
      'run',
      '--detach',
      ...names,
      ...volume,
      ...quick,
      '--env',
      'POSTGRES_PASSWORD=postgres',
      postgresImage,
    ],
    ...settings,
  ])
  const { databases, store } = makeStore(network.slice(-8))
  const project = makeProject({ network, store })
  const psql = async (database: string, sql: string): Promise<string> => {
    const psqlArgs = ['psql', '--username', 'postgres', '--dbname', database, '-XAtqc', sql]
    return bounded('psql', 15_000, docker(['exec', postgres, ...psqlArgs]))
  }
  const ready = async (): Promise<void> => {
    const ask = ['exec', postgres, 'sh', '-c', 'pg_isready --quiet --host "$HOSTNAME"']
    await eventually(
      'Postgres to answer',
      async () => (await bounded('pg_isready', 10_000, run('docker', ask))).exit === 0 || undefined,
      60_000,
    )
  }
  await ready()
  return {
    network,
    postgres,
    keeper,
    project,
    databases,
    env: { XDG_STATE_HOME: `${project.directory}/state` },
    hostLock: `${project.directory}/state/po-migrate/host.lock`,
    paste: (command) => run('bash', ['-c', command]),
    docker: (...args) => docker(args),
    leftovers: () =>
      docker(['ps', '-aq', '--filter', `label=po-migrate.databases=${databases.first},${databases.second}`]),
    psql,
    ready,
    [Symbol.asyncDispose]: async () => {
      const left = await run('docker', ['ps', '-aq', '--filter', `label=po-migrate.databases`])
      const ours: string[] = []
      for (const container of left.stdout.split('\n').filter(Boolean)) {
        const format = '{{index .Config.Labels "po-migrate.databases"}}'
        const { stdout } = await run('docker', ['inspect', '--format', format, container])
        if (stdout.includes(databases.first)) ours.push(container)
      }
      await run('docker', ['rm', '--force', '--volumes', ...ours, postgres, ...(keeper ? [keeper] : [])])
      await run('docker', ['network', 'rm', network])
      if (keeper) await run('docker', ['volume', 'rm', network])
      project[Symbol.dispose]()
    },
  }
}
