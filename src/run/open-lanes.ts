import type { Step } from '../model/step.ts'
import { type MigrateTools, type MigrateToolsOptions, openMigrateTools } from './migrate-tools.ts'
import { openTurns } from './turns.ts'

/** What steps act with that run side by side: each lane has a dbmate of its own. */
export type Lanes = AsyncDisposable &
  Pick<MigrateTools, 'isBegun' | 'halt'> & { of: (lane: number) => MigrateTools }

export const openLanes = (
  steps: readonly Step[],
  { provenance, ...options }: Omit<MigrateToolsOptions, 'lane' | 'turns'>,
): Lanes => {
  const lanes = new Map<number, MigrateTools & AsyncDisposable>()
  const turns = openTurns()
  let read: ReturnType<typeof provenance> | undefined
  const once = (): ReturnType<typeof provenance> => {
    read ??= provenance()
    return read
  }
  return {
    of: (lane) => {
      const found = lanes.get(lane) ?? openMigrateTools(steps, { ...options, provenance: once, turns, lane })
      lanes.set(lane, found)
      return found
    },
    isBegun: async (step) => {
      for (const tools of lanes.values()) if (await tools.isBegun(step)) return true
      return false
    },
    halt: () => {
      for (const tools of lanes.values()) tools.halt()
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...lanes.values()].map((tools) => tools[Symbol.asyncDispose]()))
    },
  }
}
