import { eventually } from '../engine/docker.ts'
import type { ToolProcess } from './run.ts'
import type { FaultWorld } from './world.ts'

/** A moment in a run at which a fault strikes. */
export type Moment = {
  /** Makes the step slow enough to be hit; what it answers ends that. */
  prepare?: (world: FaultWorld) => Promise<() => Promise<void>>
  reached: (tool: ToolProcess, world: FaultWorld) => Promise<void>
}

const busyWith = async (world: FaultWorld, pattern: string): Promise<void> => {
  const sql = `select pid from pg_stat_activity where application_name like '% dbmate' and state = 'active'
    and query ilike '${pattern}'`
  await eventually(`dbmate to run ${pattern}`, () => world.psql('postgres', sql))
}

const step = (tool: ToolProcess, kind: 'step.started' | 'step.finished', file: string) =>
  tool.event(`${kind} of ${file}`, (event) => event.event === kind && event.migration === file)

/** CREATE DATABASE waits up to five seconds for others to leave the template. */
const holdTemplate = async (world: FaultWorld): Promise<() => Promise<void>> => {
  world.psql('template1', 'select pg_sleep(60)').catch(() => {})
  const holders = "from pg_stat_activity where datname = 'template1' and query like '%pg_sleep%'"
  await eventually('the holder', () => world.psql('postgres', `select pid ${holders}`))
  return async () => {
    await world.psql('postgres', `select pg_terminate_backend(pid) ${holders}`).catch(() => {})
  }
}

export const moments = {
  'before the first step': {
    reached: async (tool) => {
      await tool.event('run.started', ({ event }) => event === 'run.started')
    },
  },
  'create-database': {
    prepare: holdTemplate,
    reached: (_, world) => busyWith(world, 'create database%'),
  },
  'a transactional file': {
    reached: async (tool, world) => {
      await step(tool, 'step.started', '00002_transaction.sql')
      await busyWith(world, '%pg_sleep%')
    },
  },
  'between files': {
    reached: async (tool) => {
      await step(tool, 'step.finished', '00002_transaction.sql')
    },
  },
  'a concurrent index': {
    reached: async (tool, world) => {
      await step(tool, 'step.started', '00003_index.sql')
      await busyWith(world, '%concurrently%')
    },
  },
  'another file outside a transaction': {
    reached: async (tool, world) => {
      await step(tool, 'step.started', '00004_outside.sql')
      await eventually('the first half of 00004', () =>
        world.psql(world.databases.first, 'select file from half'),
      )
    },
  },
} satisfies Record<string, Moment>

export type MomentName = keyof typeof moments

/** The dbmate container of the world's run, as soon as it is there; of several the first database's. */
export const dbmateContainer = ({ databases, docker }: FaultWorld): Promise<string> =>
  eventually('the dbmate container', async () => {
    const filter = `label=po-migrate.databases=${databases.first},${databases.second}`
    const first = 'name=^/?po-migrate-[0-9T]+-[0-9a-f]+$'
    return docker('ps', '-q', '--filter', filter, '--filter', first)
  })
