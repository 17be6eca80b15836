import { usageError } from '../errors.ts'
import type { Engine } from '../io/engine.ts'

/** Of the budget of sessions: that of the lock, one for what takes long, and one to read with. */
const others = 3
/** So many are worth their containers. */
const most = 8

type JobsOptions = {
  given: number | undefined
  /** Whether there are databases of fleets. */
  hasFleet: boolean
  cores: number
  /** Of the config: sessions at once. */
  connections: number
  engine: Pick<Engine, 'lockSession'>
}

/**
 * How many databases run side by side: as asked for; else one, and of a fleet one a core.
 * @throws AppError (exit 2): more than there are sessions for.
 */
export const jobsOf = ({ given, hasFleet, cores, connections, engine }: JobsOptions): number => {
  const room = engine.lockSession ? Math.max(1, connections - others) : 1
  if (given === undefined) return hasFleet ? Math.min(cores, most, room) : 1
  if (given <= room) return given
  if (!engine.lockSession)
    throw usageError('engine: embedded has one session, so --jobs can be 1 only.', 'leave --jobs out')
  throw usageError(
    `--jobs ${given} takes ${given + others} sessions at once, and connections: allows ${connections}.`,
    `--jobs ${room}, or connections: ${given + others} in migrate.yaml where the server has them to spare`,
  )
}
