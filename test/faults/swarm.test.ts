import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/engine/docker.ts'
import { deployPostgres } from '../support/engine/swarm.ts'
import {
  goesOn,
  inMidFile,
  slow,
  start,
  startTwoStacks,
  type TwoStacks,
  tool,
} from '../support/engine/swarm-run.ts'
import { type MomentName, moments } from '../support/faults/moments.ts'
import { type KillName, killAndRecover } from '../support/faults/scenario.ts'
import { makeSwarmWorld } from '../support/faults/swarm-world.ts'
import { migration } from '../support/tool/project.ts'

let stacks: TwoStacks
beforeAll(async () => {
  stacks = await startTwoStacks()
}, 180_000)
afterAll(() => stacks[Symbol.asyncDispose](), 60_000)
afterEach(async () => expect(await stacks.swarm.leftovers()).toEqual([]))

describe.each(['near', 'far'] as const)('a kill at each kind of step, Postgres’ task %s', (place) => {
  const kills: KillName[] = ['SIGKILL of the orchestrator', 'SIGKILL of the dbmate container']
  const names = Object.keys(moments) as MomentName[]
  const cells = kills.flatMap((kill) => names.map((moment) => [kill, moment] as const))
  it.each(cells)('%s at %s: the next run brings everything to the end, once', async (kill, moment) => {
    await using world = makeSwarmWorld(stacks.swarm, stacks[place])
    await killAndRecover(world, { kill, moment, where: `swarm, ${place}` })
  })
})

describe('the task of a run', () => {
  it('is killed with the run before it was held, and ends by itself all the same', async () => {
    const { swarm } = stacks
    const stack = stacks.far
    using where = slow(stack, 'unheld', 0)
    const running = start(swarm, where, 'status dev')
    const service = await eventually('the service of the run', () =>
      swarm.manager.docker('service', 'ls', '-q', '--filter', 'label=po-migrate.run'),
    )
    running.child.kill('SIGKILL')
    await running.ended
    const state = () => swarm.manager.docker('service', 'ps', '--format', '{{.CurrentState}}', service)
    await eventually('the end of its task', async () => (await state()).startsWith('Complete') || undefined)
    await goesOn({ swarm, stack, where, database: 'unheld' })
  })
})

describe('the network between the nodes', () => {
  it('is gone for six seconds: the run goes through, or the nodes have given each other up and the next one goes on', async () => {
    const { swarm } = stacks
    const stack = stacks.far
    using where = slow(stack, 'split', 12)
    const running = await inMidFile({ swarm, stack, where, database: 'split' })
    await swarm.cut()
    await sleep(6000)
    await swarm.mend()
    const { exit, stderr } = await running.ended
    expect(exit === 0 || (exit === 1 && stderr.includes('✖'))).toBe(true)
    await goesOn({ swarm, stack, where, database: 'split' })
    // Once, whoever recorded it.
    expect(await stack.psql('split', 'select count(*) from a')).toBe('1')
  })

  it('is gone for good: the run ends within its limits, and the next one goes on when it is back', {
    timeout: 240_000,
  }, async () => {
    const { swarm } = stacks
    const stack = stacks.far
    using where = slow(stack, 'apart', 600)
    const running = await inMidFile({ swarm, stack, where, database: 'apart' })
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
    await goesOn({ swarm, stack, where, database: 'apart' })
  })
})

describe('the manager’s dockerd', () => {
  it.each(['far', 'near'] as const)(
    'is killed in mid-file and comes back, Postgres’ task %s: what is not known is settled by the next run',
    async (place) => {
      const { swarm } = stacks
      const stack = stacks[place]
      using where = slow(stack, 'engineless', 5)
      const running = await inMidFile({ swarm, stack, where, database: 'engineless' })
      await swarm.killManager()
      const ended = running.ended
      await sleep(2000)
      await swarm.reviveManager()
      const { exit, stderr } = await ended
      expect(stderr).toMatch(/✖/)
      expect(exit).toBe(1)
      await goesOn({ swarm, stack, where, database: 'engineless' })
    },
  )
})

describe('the service of Postgres', () => {
  it.each([
    ['worker', 'gone-far'],
    ['manager', 'gone-near'],
  ] as const)(
    'on the %s is removed in mid-file: the run ends, the next one says what is missing, and goes on when it is back',
    async (on, name) => {
      const { swarm } = stacks
      await using stack = await deployPostgres(swarm, { on, stack: name })
      using where = slow(stack, 'gone', 600)
      const running = await inMidFile({ swarm, stack, where, database: 'gone' })
      await swarm.manager.docker('service', 'rm', stack.service)
      const { exit, stderr } = await running.ended
      expect(stderr).toContain('00002_slow.sql')
      expect(exit).toBe(1)
      const without = await tool(swarm, where, 'up dev')
      expect(without.stderr).toContain(`There is no service ${stack.service} in this swarm`)
      expect(without.exit).toBe(6)
      expect(await swarm.leftovers()).toEqual([])
      await deployPostgres(swarm, { on, stack: name })
      where.migrations({ gone: { '00002_slow.sql': migration('select 1;') } })
      await goesOn({ swarm, stack, where, database: 'gone' })
    },
  )
})
