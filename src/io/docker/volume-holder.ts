import { AppError, exitCodes } from '../../errors.ts'
import { describeHolder, type Holder } from '../../model/holder.ts'
import { interruptedWait, pauseUnless } from '../postgres/lock.ts'
import type { Docker } from './docker.ts'
import { labels } from './labels.ts'

/** Both kinds of names allow the same characters. */
export const guardName = (volume: string): string => `po-migrate-volume-${volume}`

export const parseGuardHolder = (found: Readonly<Record<string, string>>): Holder | undefined => {
  try {
    return JSON.parse(found[labels.holder] ?? '')
  } catch {
    return undefined
  }
}

/** What whoever finds a volume held is told. */
export const heldBy = (volume: string, holder: Holder | undefined): AppError =>
  new AppError(`The volume ${volume} is held by another run${holder ? `: ${describeHolder(holder)}` : ''}.`, {
    exitCode: exitCodes.locked,
    details: [`Its guard is the container ${guardName(volume)}, which ends with it.`],
    hint: 'wait for it, or try again with --lock-wait SECONDS',
  })

export type HeldVolume = { volume: string; holder: Holder | undefined }

/** The first of these volumes that a run holds now: one call, whatever their number. */
export const readVolumeHolder = async (
  docker: Docker,
  volumes: readonly string[],
): Promise<HeldVolume | undefined> => {
  const found = await docker.listContainers({ filters: { label: [labels.guard] } })
  for (const { Labels } of found) {
    const volume = Labels[labels.guard] ?? ''
    if (volumes.includes(volume)) return { volume, holder: parseGuardHolder(Labels) }
  }
  return undefined
}

export type AwaitOptions = {
  volumes: readonly string[]
  /** Seconds. */
  wait: number
  interrupt: AbortSignal
  onWait: (held: HeldVolume) => void
}

const poll = 250

/**
 * Returns when no run acts on any of these volumes.
 * @throws AppError: exit 5 naming the holder when the wait is over, 130 or 143 when it was interrupted.
 */
export const awaitVolumes = async (
  docker: Docker,
  { volumes, wait, interrupt, onWait }: AwaitOptions,
): Promise<void> => {
  if (volumes.length === 0) return
  for (const deadline = performance.now() + wait * 1000; ; ) {
    const held = await readVolumeHolder(docker, volumes)
    if (!held) return
    if (interrupt.aborted) throw interruptedWait(interrupt)
    if (performance.now() >= deadline) throw heldBy(held.volume, held.holder)
    onWait(held)
    await pauseUnless(interrupt, poll)
  }
}
