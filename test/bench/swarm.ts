import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { deployPostgres, startSwarm } from '../support/engine/swarm.ts'
import { makeSwarmProject } from '../support/engine/swarm-project.ts'
import type { Book } from './book.ts'
import { measure } from './measure.ts'
import { tool, toolNative, upIn } from './runners.ts'
import { openWorld } from './world.ts'

const store = 'infrastructure/migrations'

/** The same job by another engine: a task of a swarm beside a container and a process. */
export const benchSwarm = async ({ tell }: Book, rounds: number): Promise<void> => {
  await using world = await openWorld(['iam', 'calendar', 'rag'])
  await using swarm = await startSwarm()
  await using postgres = await deployPostgres(swarm, { on: 'manager', stack: 'bench' })
  using project = makeSwarmProject(postgres, { store: {} })
  const inSwarm = { name: 'po-migrate, engine: swarm', run: upIn(project, swarm.manager.env) }
  const copy = (): void =>
    cpSync(join(world.project.directory, store), join(project.directory, store), { recursive: true })
  const runners = [inSwarm, tool, toolNative] as const
  world.files(5)
  copy()
  await inSwarm.run()
  await tool.run(world)
  tell(await measure({ what: '3 databases, nothing pending, by engine', ...{ world, rounds, runners } }))
  tell(
    await measure({
      what: '3 databases, one file pending in each, by engine',
      ...{ world, rounds, runners },
      before: () => {
        world.oneMore()
        copy()
      },
    }),
  )
}
