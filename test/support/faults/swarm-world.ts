import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { run } from '../engine/docker.ts'
import type { StackPostgres, Swarm } from '../engine/swarm.ts'
import { makeSwarmProject } from '../engine/swarm-project.ts'
import { bounded, type FaultWorld, makeStore } from './world.ts'

/** A project with every kind of step, of a Postgres of the swarm that others use before and after it. */
export const makeSwarmWorld = (swarm: Swarm, stack: StackPostgres): FaultWorld => {
  const { databases, store } = makeStore(randomBytes(4).toString('hex'))
  const project = makeSwarmProject(stack, { store })
  return {
    project,
    databases,
    env: swarm.manager.env,
    paste: async (command) => {
      const [, words = command] = /^on the node \S+: (.*)$/s.exec(command) ?? []
      const { node } = await stack.task()
      return run('bash', ['-c', words], { env: words === command ? swarm.manager.env : node.env })
    },
    docker: swarm.manager.docker,
    hostLock: join(project.directory, 'state/host.lock'),
    psql: (database, sql) => bounded('psql', 15_000, stack.psql(database, sql)),
    leftovers: async () => (await swarm.leftovers()).join(' '),
    [Symbol.asyncDispose]: async () => project[Symbol.dispose](),
  }
}
