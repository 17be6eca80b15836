import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/engine/docker.ts'
import { dbmateImage } from '../../support/engine/images.ts'
import { makeSwarmProject } from '../../support/engine/swarm-project.ts'
import {
  goesOn,
  inMidFile,
  slow,
  startTwoStacks,
  type TwoStacks,
  tool,
} from '../../support/engine/swarm-run.ts'
import type { MomentName } from '../../support/faults/moments.ts'
import { type KillName, killAndRecover } from '../../support/faults/scenario.ts'
import { makeSwarmWorld } from '../../support/faults/swarm-world.ts'
import { migration } from '../../support/tool/project.ts'

let stacks: TwoStacks
beforeAll(async () => {
  stacks = await startTwoStacks()
})
afterAll(() => stacks[Symbol.asyncDispose]())
afterEach(async () => expect(await stacks.swarm.leftovers()).toEqual([]))

describe.each(['near', 'far'] as const)('a Postgres whose task is %s', (name) => {
  it('the run is killed in mid-file: its file ends by itself, and the next run waits for it and leaves nothing', async () => {
    const { swarm } = stacks
    const stack = stacks[name]
    using where = slow(stack, 'killed', 6)
    const running = await inMidFile({ swarm, stack, where, database: 'killed' })
    running.child.kill('SIGKILL')
    await running.ended
    await goesOn({ swarm, stack, where, database: 'killed' })
    // Once: it was the dead run's dbmate that applied it.
    expect(await stack.psql('killed', 'select count(*) from a')).toBe('1')
  })

  it('its task gets another container in mid-file: the run ends and says so, the next one goes on', async () => {
    const { swarm } = stacks
    const stack = stacks[name]
    using where = slow(stack, 'restarted', 600)
    const running = await inMidFile({ swarm, stack, where, database: 'restarted' })
    const { node, container } = await stack.task()
    await node.docker('rm', '-f', container)
    const { exit, stderr } = await running.ended
    expect(stderr).toContain('00002_slow.sql')
    expect(exit).toBe(1)
    where.migrations({ restarted: { '00002_slow.sql': migration('select 1;') } })
    await goesOn({ swarm, stack, where, database: 'restarted' })
  })
})

/** Part of the matrix in `test/faults/swarm.test.ts`: each kill, each place of Postgres, other steps than in mid-file. */
const cells: (readonly ['near' | 'far', KillName, MomentName])[] = [
  ['far', 'SIGKILL of the orchestrator', 'create-database'],
  ['near', 'SIGKILL of the orchestrator', 'a concurrent index'],
  ['far', 'SIGKILL of the dbmate container', 'another file outside a transaction'],
]

it.each(cells)(
  'Postgres’ task %s, %s at %s: the next run brings everything to the end, once',
  async (place, kill, moment) => {
    await using world = makeSwarmWorld(stacks.swarm, stacks[place])
    await killAndRecover(world, { kill, moment, where: `swarm, ${place}` })
  },
)

describe('the task of the run', () => {
  it('its service is removed in mid-file: nothing more is started, and the next run goes on', async () => {
    const { swarm } = stacks
    const stack = stacks.far
    using where = slow(stack, 'removed', 5)
    const running = await inMidFile({ swarm, stack, where, database: 'removed' })
    const service = await swarm.manager.docker('service', 'ls', '-q', '--filter', 'label=po-migrate.run')
    await swarm.manager.docker('service', 'rm', service)
    const { exit, stderr } = await running.ended
    expect(stderr).toMatch(/✖/)
    expect(exit).toBe(1)
    await goesOn({ swarm, stack, where, database: 'removed' })
  })

  it('finds no image where it has to run: what to pull is said, and nothing was touched', async () => {
    const { swarm } = stacks
    const { manager } = swarm
    using where = makeSwarmProject(stacks.far, { store: { imageless: {} } })
    where.migrations({ imageless: { '00001_a.sql': migration('select 1;') } })
    await manager.docker('tag', dbmateImage, 'po-migrate-test/kept:1')
    await manager.docker('rmi', dbmateImage)
    try {
      const { exit, stderr } = await tool(swarm, where, 'up dev')
      expect(stderr).toContain(`The image ${dbmateImage} is not on this machine and cannot be pulled`)
      expect(stderr).toContain(`→ docker pull ${dbmateImage}`)
      expect(exit).toBe(6)
    } finally {
      await manager.docker('tag', 'po-migrate-test/kept:1', dbmateImage)
    }
  })
})

describe('Postgres moves to another node in mid-file', () => {
  it('and no file is applied to the other server that answers there', async () => {
    const { swarm } = stacks
    const stack = stacks.near
    using where = slow(stack, 'moved', 600)
    const running = await inMidFile({ swarm, stack, where, database: 'moved' })
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
    await goesOn({ swarm, stack, where, database: 'moved' })
  })
})
