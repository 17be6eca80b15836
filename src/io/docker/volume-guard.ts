import { AppError, exitCodes } from '../../errors.ts'
import type { Holder } from '../../model/holder.ts'
import { interruptedWait, pauseUnless } from '../postgres/lock.ts'
import { type Docker, httpStatus } from './docker.ts'
import { type GuardOptions, gone, startGuard, type VolumeGuard } from './guard-container.ts'
import { labels } from './labels.ts'
import { guardName, heldBy, parseGuardHolder } from './volume-holder.ts'

export type HoldOptions = GuardOptions & {
  /** Seconds to wait for others. */
  wait: number
  interrupt: AbortSignal
  onWait: (holder: Holder | undefined) => void
}

/** Milliseconds for which a container may be made and not started, before its maker counts as dead. */
const startWithin = 5000
const poll = 200
const attempts = 10

const stranger = (volume: string): AppError =>
  new AppError(`A container that is not ours has the name ${guardName(volume)}.`, {
    exitCode: exitCodes.refused,
    details: [`The guard of the volume ${volume} has to have it.`],
    hint: `docker rename ${guardName(volume)} NAME`,
  })

type Present = { id: string; status: string; holder: Holder | undefined }

const readPresent = async (docker: Docker, volume: string): Promise<Present | undefined> => {
  try {
    const { Id, State, Config } = await docker.getContainer(guardName(volume)).inspect()
    if (Config.Labels?.[labels.guard] !== volume) throw stranger(volume)
    return { id: Id, status: State.Status, holder: parseGuardHolder(Config.Labels) }
  } catch (error) {
    if (httpStatus(error) === 404) return undefined
    throw error
  }
}

/** By its id, and only while it does not run: of two who clean up, none removes what the other has made meanwhile. */
const removeDead = async (docker: Docker, id: string): Promise<void> => {
  try {
    await docker.getContainer(id).remove({ v: true })
  } catch (error) {
    const status = httpStatus(error)
    if (status !== 404 && status !== 409) throw error
  }
}

const holding = new Set(['running', 'paused'])

/** A name that stays neither free nor anybody's belongs to a container that Docker is removing; `vacant`: looks that found none. */
const isHeld = (present: Present | undefined, vacant: number): boolean =>
  present ? holding.has(present.status) : vacant > attempts

/** Tells containers that were made and never started from those that are about to be: seen long enough, they are dead. */
const watchFresh = (): ((present: Present) => boolean) => {
  let seen: { id: string; since: number } | undefined
  return ({ id, status }) => {
    if (status !== 'created') return false
    if (seen?.id !== id) seen = { id, since: performance.now() }
    return performance.now() - seen.since < startWithin
  }
}

/**
 * Takes the guard of a volume: a container with a name made of the volume's, which Docker gives to one run only, and which
 * ends with this process. What a dead run left under that name is removed.
 * @throws AppError: exit 5 naming the holder when the wait is over, 6 when no image can run it, 130 or 143 interrupted.
 */
export const holdVolume = async (docker: Docker, options: HoldOptions): Promise<VolumeGuard> => {
  const { volume, wait, interrupt, onWait } = options
  const deadline = performance.now() + wait * 1000
  const isFresh = watchFresh()
  const yieldTo = (holder: Holder | undefined): void => {
    if (performance.now() >= deadline) throw heldBy(volume, holder)
    onWait(holder)
  }
  for (let [tries, vacant] = [0, 0]; tries < attempts; ) {
    if (interrupt.aborted) throw interruptedWait(interrupt)
    const taken = await startGuard(docker, options)
    if (typeof taken !== 'string') return taken
    if (taken === 'again') tries++
    const present = await readPresent(docker, volume)
    vacant = present ? 0 : vacant + 1
    if (isHeld(present, vacant)) yieldTo(present?.holder)
    else if (present && !isFresh(present)) await removeDead(docker, present.id)
    await pauseUnless(interrupt, poll)
  }
  throw gone(volume)
}
