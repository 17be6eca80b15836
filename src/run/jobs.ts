import { usageError } from '../errors.ts'

/** Of the budget of sessions: that of the lock, one for what takes long, and one to read with. */
const others = 3
/** So many are worth their containers. */
const most = 8

type Room = {
  given: number | undefined
  /** Of the config: sessions at once. */
  connections: number
  /** Its server has one session. */
  isEmbedded: boolean
}

const roomOf = ({ connections, isEmbedded }: Room): number =>
  isEmbedded ? 1 : Math.max(1, connections - others)

/** @throws AppError (exit 2): more databases at once are asked for than there are sessions. */
export const requireRoom = (asked: Room): void => {
  const { given = 1, connections, isEmbedded } = asked
  const room = roomOf(asked)
  if (given <= room) return
  if (isEmbedded)
    throw usageError('engine: embedded has one session, so --jobs can be 1 only.', 'leave --jobs out')
  throw usageError(
    `--jobs ${given} takes ${given + others} sessions at once, and connections: allows ${connections}.`,
    `--jobs ${room}, or connections: ${given + others} in migrate.yaml where the server has them to spare`,
  )
}

type JobsOptions = Room & {
  /** Whether there are databases of fleets. */
  hasFleet: boolean
  cores: number
}

/** How many databases run side by side: as asked for, where `requireRoom` has let it; else one, and of a fleet one a core. */
export const jobsOf = ({ hasFleet, cores, ...asked }: JobsOptions): number =>
  asked.given ?? (hasFleet ? Math.min(cores, most, roomOf(asked)) : 1)
