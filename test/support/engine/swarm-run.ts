import { expect } from 'vitest'
import { startTool, type ToolProcess } from '../tool/process.ts'
import { migration, type Project } from '../tool/project.ts'
import { runIn, type ToolResult } from '../tool/tool.ts'
import { eventually } from './docker.ts'
import { deployPostgres, type StackPostgres, type Swarm, startSwarm } from './swarm.ts'
import { makeSwarmProject } from './swarm-project.ts'

/** A swarm with two Postgres, one on the manager that is asked and one on the other node. */
export type TwoStacks = AsyncDisposable & { swarm: Swarm; near: StackPostgres; far: StackPostgres }

export const startTwoStacks = async (): Promise<TwoStacks> => {
  const swarm = await startSwarm()
  const near = await deployPostgres(swarm, { on: 'manager', stack: 'near' })
  const far = await deployPostgres(swarm, { on: 'worker', stack: 'far' })
  return { swarm, near, far, [Symbol.asyncDispose]: () => swarm[Symbol.asyncDispose]() }
}

export const tool = ({ manager }: Swarm, where: Project, args: string): Promise<ToolResult> =>
  runIn(where, args, { env: manager.env })

export const start = ({ manager }: Swarm, { directory }: Project, args: string): ToolProcess =>
  startTool(args.split(' '), { cwd: directory, env: manager.env })

/** Of three files the second takes so many seconds. */
export const slow = (stack: StackPostgres, database: string, seconds: number): Project =>
  makeSwarmProject(stack, {
    store: {
      [database]: {
        '00001_a.sql': migration('create table a (id int);'),
        '00002_slow.sql': migration(`insert into a values (1);\nselect pg_sleep(${seconds});`),
        '00003_c.sql': migration('create table c (id int);'),
      },
    },
  })

type Struck = { swarm: Swarm; stack: StackPostgres; where: Project; database: string }

/** A run that is at its slow file. */
export const inMidFile = async ({ swarm, stack, where, database }: Struck): Promise<ToolProcess> => {
  const running = start(swarm, where, 'up dev')
  await eventually(`the slow file of ${database}`, () =>
    stack.psql(
      'postgres',
      `select pid from pg_stat_activity where datname = '${database}' and query ~ 'pg_sleep' and application_name ~ ' dbmate$'`,
    ),
  )
  return running
}

/** The next run ends what the struck one began. */
export const goesOn = async ({ swarm, stack, where, database }: Struck): Promise<void> => {
  const next = await tool(swarm, where, 'up dev')
  expect(next.stderr + next.stdout).not.toContain('✖')
  expect(next.exit).toBe(0)
  const versions = "select string_agg(version, ' ' order by version) from schema_migrations"
  expect(await stack.psql(database, versions)).toBe('00001 00002 00003')
}
