import { readPosition } from '../../io/postgres/snapshot.ts'
import { verifyEnvironment } from '../../run/migrate-environment.ts'
import type { CutoverKind } from '../tools.ts'

export type Verify = { kind: 'verify'; environment: string }

export const verify: CutoverKind<Verify> = {
  words: ({ environment }) => [environment, 'verify'],
  perform: async ({ environment: name }, { tools: { servers } }) => {
    const { environment } = servers.supplied(name)
    const engine = await servers.engine(name)
    await verifyEnvironment({ environment, engine })
    return { verified: await readPosition(engine.server) }
  },
}
