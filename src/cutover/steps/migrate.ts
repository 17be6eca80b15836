import { migrateEnvironment } from '../../run/migrate-environment.ts'
import type { CutoverKind } from '../tools.ts'

export type Migrate = { kind: 'migrate'; environment: string }

export const migrate: CutoverKind<Migrate> = {
  words: ({ environment }) => [environment, 'apply every migration'],
  perform: async ({ environment }, { tools: { servers, run, report }, context }) => {
    const lost = await servers.lock()
    const engine = await servers.engine(environment)
    const onProgress = report.progress
    await migrateEnvironment({ ...servers.supplied(environment), engine, run, lost, onProgress }, context)
    return undefined
  },
}
