import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/engine/docker.ts'
import { dbmateImage } from '../../support/engine/images.ts'
import { deployPostgres, type StackPostgres, type Swarm, startSwarm } from '../../support/engine/swarm.ts'
import { makeSwarmProject } from '../../support/engine/swarm-project.ts'
import { startTool, type ToolProcess } from '../../support/tool/process.ts'
import { migration, type Project } from '../../support/tool/project.ts'
import { runIn, type ToolResult } from '../../support/tool/tool.ts'

let swarm: Swarm
const stacks: Partial<Record<'near' | 'far', StackPostgres>> = {}
beforeAll(async () => {
  swarm = await startSwarm()
  stacks.near = await deployPostgres(swarm, { on: 'manager', stack: 'near' })
  stacks.far = await deployPostgres(swarm, { on: 'worker', stack: 'far' })
})
afterAll(() => swarm[Symbol.asyncDispose]())
afterEach(async () => expect(await swarm.leftovers()).toEqual([]))

const stackOf = (name: 'near' | 'far'): StackPostgres => {
  const found = stacks[name]
  if (!found) throw new Error(`the stack ${name} is not deployed`)
  return found
}

const tool = (where: Project, args: string): Promise<ToolResult> =>
  runIn(where, args, { env: swarm.manager.env })
const start = ({ directory }: Project, args: string): ToolProcess =>
  startTool(args.split(' '), { cwd: directory, env: swarm.manager.env })

/** Of three files the second takes so many seconds. */
const slow = (stack: StackPostgres, database: string, seconds: number): Project =>
  makeSwarmProject(stack, {
    store: {
      [database]: {
        '00001_a.sql': migration('create table a (id int);'),
        '00002_slow.sql': migration(`insert into a values (1);\nselect pg_sleep(${seconds});`),
        '00003_c.sql': migration('create table c (id int);'),
      },
    },
  })

const atWork = ({ psql }: StackPostgres, database: string): Promise<string> =>
  eventually(`the slow file of ${database}`, () =>
    psql(
      'postgres',
      `select pid from pg_stat_activity where datname = '${database}' and query ~ 'pg_sleep' and application_name ~ ' dbmate$'`,
    ),
  )
const versions = ({ psql }: StackPostgres, database: string): Promise<string> =>
  psql(database, "select string_agg(version, ' ' order by version) from schema_migrations")
const inMidFile = async (stack: StackPostgres, where: Project, database: string): Promise<ToolProcess> => {
  const running = start(where, 'up dev')
  await atWork(stack, database)
  return running
}
/** The next run ends what the struck one began. */
const goesOn = async (stack: StackPostgres, where: Project, database: string): Promise<void> => {
  const next = await tool(where, 'up dev')
  expect(next.stderr + next.stdout).not.toContain('✖')
  expect(next.exit).toBe(0)
  expect(await versions(stack, database)).toBe('00001 00002 00003')
}

describe.each(['near', 'far'] as const)('a Postgres whose task is %s', (name) => {
  it('the run is killed in mid-file: its file ends by itself, and the next run waits for it and leaves nothing', async () => {
    const stack = stackOf(name)
    using where = slow(stack, 'killed', 6)
    const running = await inMidFile(stack, where, 'killed')
    running.child.kill('SIGKILL')
    await running.ended
    await goesOn(stack, where, 'killed')
    // Once: it was the dead run's dbmate that applied it.
    expect(await stack.psql('killed', 'select count(*) from a')).toBe('1')
  })

  it('its task gets another container in mid-file: the run ends and says so, the next one goes on', async () => {
    const stack = stackOf(name)
    using where = slow(stack, 'restarted', 600)
    const running = await inMidFile(stack, where, 'restarted')
    const { node, container } = await stack.task()
    await node.docker('rm', '-f', container)
    const { exit, stderr } = await running.ended
    expect(stderr).toContain('00002_slow.sql')
    expect(exit).toBe(1)
    where.migrations({ restarted: { '00002_slow.sql': migration('select 1;') } })
    await goesOn(stack, where, 'restarted')
  })
})

describe('the task of the run', () => {
  it('its service is removed in mid-file: nothing more is started, and the next run goes on', async () => {
    const stack = stackOf('far')
    using where = slow(stack, 'removed', 5)
    const running = await inMidFile(stack, where, 'removed')
    const service = await swarm.manager.docker('service', 'ls', '-q', '--filter', 'label=po-migrate.run')
    await swarm.manager.docker('service', 'rm', service)
    const { exit, stderr } = await running.ended
    expect(stderr).toMatch(/✖/)
    expect(exit).toBe(1)
    await goesOn(stack, where, 'removed')
  })

  it('is killed with the run before it was held, and ends by itself all the same', async () => {
    const stack = stackOf('far')
    using where = slow(stack, 'unheld', 0)
    const running = start(where, 'status dev')
    const service = await eventually('the service of the run', () =>
      swarm.manager.docker('service', 'ls', '-q', '--filter', 'label=po-migrate.run'),
    )
    running.child.kill('SIGKILL')
    await running.ended
    const state = () => swarm.manager.docker('service', 'ps', '--format', '{{.CurrentState}}', service)
    await eventually('the end of its task', async () => (await state()).startsWith('Complete') || undefined)
    await goesOn(stack, where, 'unheld')
  })

  it('finds no image where it has to run: what to pull is said, and nothing was touched', async () => {
    const { manager } = swarm
    using where = makeSwarmProject(stackOf('far'), { store: { imageless: {} } })
    where.migrations({ imageless: { '00001_a.sql': migration('select 1;') } })
    await manager.docker('tag', dbmateImage, 'po-migrate-test/kept:1')
    await manager.docker('rmi', dbmateImage)
    try {
      const { exit, stderr } = await tool(where, 'up dev')
      expect(stderr).toContain(`The image ${dbmateImage} is not on this machine and cannot be pulled`)
      expect(stderr).toContain(`→ docker pull ${dbmateImage}`)
      expect(exit).toBe(6)
    } finally {
      await manager.docker('tag', 'po-migrate-test/kept:1', dbmateImage)
    }
  })
})

describe('the network between the nodes', () => {
  it('is gone for six seconds: the run goes through, or the nodes have given each other up and the next one goes on', async () => {
    const stack = stackOf('far')
    using where = slow(stack, 'split', 12)
    const running = await inMidFile(stack, where, 'split')
    await swarm.cut()
    await sleep(6000)
    await swarm.mend()
    const { exit, stderr } = await running.ended
    expect(exit === 0 || (exit === 1 && stderr.includes('✖'))).toBe(true)
    await goesOn(stack, where, 'split')
    // Once, whoever recorded it.
    expect(await stack.psql('split', 'select count(*) from a')).toBe('1')
  })

  it('is gone for good: the run ends within its limits, and the next one goes on when it is back', {
    timeout: 240_000,
  }, async () => {
    const stack = stackOf('far')
    using where = slow(stack, 'apart', 600)
    const running = await inMidFile(stack, where, 'apart')
    await swarm.cut()
    const { exit, stderr } = await running.ended
    await swarm.mend()
    expect(stderr).toMatch(/✖/)
    expect(exit).toBe(1)
    where.migrations({ apart: { '00002_slow.sql': migration('select 1;') } })
    await eventually(
      'the worker to be ready',
      async () =>
        (await swarm.manager.docker('node', 'ls', '--format', '{{.Status}}')) === 'Ready\nReady' || undefined,
    )
    await goesOn(stack, where, 'apart')
  })
})

describe('the manager’s dockerd', () => {
  it('is killed in mid-file and comes back: what is not known is settled by the next run', async () => {
    const stack = stackOf('far')
    using where = slow(stack, 'engineless', 5)
    const running = await inMidFile(stack, where, 'engineless')
    await swarm.killManager()
    const ended = running.ended
    await sleep(2000)
    await swarm.reviveManager()
    const { exit, stderr } = await ended
    expect(stderr).toMatch(/✖/)
    expect(exit).toBe(1)
    await goesOn(stack, where, 'engineless')
  })
})

describe('Postgres moves to another node in mid-file', () => {
  it('and no file is applied to the other server that answers there', async () => {
    const stack = stackOf('near')
    using where = slow(stack, 'moved', 600)
    const running = await inMidFile(stack, where, 'moved')
    await stack.update('--constraint-rm', 'node.role==manager', '--constraint-add', 'node.role==worker')
    const { exit, stderr } = await running.ended
    expect(stderr).toMatch(/✖/)
    expect(exit).toBe(1)
    await eventually('Postgres on the other node', async () => {
      const { node } = await stack.task()
      return node === swarm.worker || undefined
    })
    const databases = () => stack.psql('postgres', 'select datname from pg_database').catch(() => '')
    expect(await eventually('its answer', databases)).not.toContain('moved')
    await stack.update('--constraint-rm', 'node.role==worker', '--constraint-add', 'node.role==manager')
    await eventually('Postgres at home', async () => {
      const { node } = await stack.task()
      return node === swarm.manager || undefined
    })
    where.migrations({ moved: { '00002_slow.sql': migration('select 1;') } })
    await goesOn(stack, where, 'moved')
  })
})
