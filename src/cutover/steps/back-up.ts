import { dumpAll, keepRest, refuseNews } from '../dump.ts'
import { ensureDatabase } from '../stacks.ts'
import type { CutoverKind } from '../tools.ts'

/** Dumps what migrations don't rebuild, and proves it, while everything runs. */
export type BackUp = { kind: 'back-up'; environment: string }

export const backUp: CutoverKind<BackUp> = {
  words: () => ['backup', 'dump what no migration rebuilds, restore it elsewhere, compare'],
  perform: async ({ environment }, { tools }) => {
    await ensureDatabase(tools)
    await tools.servers.lock()
    const { server } = await tools.servers.engine(environment)
    const databases = await refuseNews(tools, server)
    const { directory, manifest } = await dumpAll(tools, { environment, label: tools.host.name, databases })
    await keepRest(tools, server, directory)
    return { backup: directory, transaction: manifest.position }
  },
}
