import { anyLost } from '../../io/postgres/lock.ts'
import { migrateEnvironment } from '../../run/migrate-environment.ts'
import type { CutoverKind } from '../tools.ts'

export type Migrate = { kind: 'migrate'; environment: string }

export const migrate: CutoverKind<Migrate> = {
  words: ({ environment }) => [environment, 'apply every migration'],
  perform: async ({ environment }, { tools, context }) => {
    const { servers, run, report } = tools
    const session = await servers.lock()
    const lost = anyLost(tools, session && { lost: session })
    const engine = await servers.engine(environment)
    const onProgress = report.progress
    await migrateEnvironment({ ...servers.supplied(environment), engine, run, lost, onProgress }, context)
    return undefined
  },
}
