import { join } from 'node:path'
import { type Lane, openLane } from './sequence.ts'

const bundle = join(import.meta.dirname, '../../dist/po-migrate.cjs')

/** As many worlds as sequences run side by side; each is made when it is first needed. */
export const openLanes = () => {
  const free: Lane[] = []
  const all: Lane[] = []
  return {
    with: async (body: (lane: Lane) => Promise<void>): Promise<void> => {
      const lane = free.pop() ?? (await openLane(bundle))
      if (!all.includes(lane)) all.push(lane)
      try {
        await body(lane)
      } finally {
        free.push(lane)
      }
    },
    close: async (): Promise<void> => {
      for (const lane of all) await lane[Symbol.asyncDispose]()
    },
  }
}
