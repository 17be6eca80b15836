import { AppError, exitCodes } from '../errors.ts'
import type { Docker } from '../io/docker/docker.ts'
import type { VolumeGuard } from '../io/docker/guard-container.ts'
import { holdVolume } from '../io/docker/volume-guard.ts'
import { awaitVolumes } from '../io/docker/volume-holder.ts'
import { flockRemedy, type HostLock } from '../io/host/host-lock.ts'
import type { Context } from '../model/context.ts'
import { describeHolder, type Holder } from '../model/holder.ts'
import type { Host } from '../model/types.ts'
import type { Report } from '../report/report.ts'

type Waiting = { lockWait: number; report: Report }

const tellOnce = ({ lockWait, report }: Waiting): ((volume: string, holder: Holder | undefined) => void) => {
  let told = false
  return (volume, holder) => {
    if (told) return
    told = true
    const who = holder ? describeHolder(holder) : 'another run'
    report.note(`the volume ${volume} is held by ${who}; waiting, at most ${lockWait} s`)
  }
}

export type GuardRequest = Waiting & { volume: string; images: readonly string[]; holder: Holder }

/** For whoever stops, copies, wipes or starts something on a volume. @throws AppError (exit 5) naming who has it. */
export const guardVolume = (
  docker: Docker,
  { volume, images, holder, lockWait, report }: GuardRequest,
  { interrupt }: Context,
): Promise<VolumeGuard> => {
  const tell = tellOnce({ lockWait, report })
  const onWait = (other: Holder | undefined): void => tell(volume, other)
  return holdVolume(docker, { volume, images, holder, wait: lockWait, interrupt, onWait })
}

/** For whoever writes to databases on a volume. @throws AppError (exit 5) naming who acts on it. */
export const awaitFreeVolumes = (
  docker: Docker,
  { volumes, lockWait, report }: Waiting & { volumes: readonly string[] },
  { interrupt }: Pick<Context, 'interrupt'>,
): Promise<void> => {
  const tell = tellOnce({ lockWait, report })
  return awaitVolumes(docker, {
    volumes,
    wait: lockWait,
    interrupt,
    onWait: ({ volume, holder }) => tell(volume, holder),
  })
}

/**
 * What becomes of a run that could not lock its host.
 * @throws AppError (exit 4) where others write too; elsewhere it is told.
 */
export const requireFlock = (lock: HostLock, { name, shared, volume }: Host, report: Report): void => {
  if (lock.state === 'held') return
  if (shared)
    throw new AppError(`The lock of the host ${name} cannot be taken: ${lock.why}.`, {
      exitCode: exitCodes.refused,
      details: ['Others write on this host too, and without that lock two runs could meet.'],
      hint: flockRemedy,
    })
  const rest = volume ? `the guard of ${volume}` : 'the locks of the databases'
  report.note(`${lock.why}: this machine's runs are kept apart by ${rest} alone (${flockRemedy})`)
}
