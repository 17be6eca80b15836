import { AppError } from '../errors.ts'
import { type Rolled, waveOfEach } from '../fleet/rollout.ts'
import type { Lock } from '../io/postgres/lock.ts'
import { databaseOf } from '../model/outcome.ts'
import type { Step } from '../model/step.ts'

export type Waves = {
  /**
   * Before a step: its wave is locked, and the one before it is free again. A server has room for a few thousand locks, which
   * is for the application too.
   * @throws AppError (exit 5) where another run has this database; the others of its wave are not concerned.
   */
  enter: (step: Step) => Promise<void>
}

/** Locks databases of fleets wave by wave; without a lock there is nobody to keep out. */
export const openWaves = (rolled: readonly Rolled[], lock: Lock | undefined): Waves => {
  const waveOf = waveOfEach(rolled)
  let held: readonly string[] = []
  let current: readonly string[] | undefined
  let changing = Promise.resolve()
  let busy = new Map<string, AppError>()
  const change = async (wave: readonly string[] | undefined): Promise<void> => {
    if (!lock) return
    await lock.free(held)
    held = []
    busy = new Map()
    for (const database of [...(wave ?? [])].sort()) {
      try {
        await lock.hold(database)
        held = [...held, database]
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        busy.set(database, error)
      }
    }
  }
  return {
    enter: async (step) => {
      const database = databaseOf(step) ?? ''
      const wave = waveOf.get(database)
      if (wave !== current) {
        current = wave
        changing = change(wave)
      }
      await changing
      const error = busy.get(database)
      if (error) throw error
    },
  }
}
