import type { Engine } from '../io/engine.ts'
import { readSystemIdentifier } from '../io/postgres/inventory.ts'
import { acquireLock, type Lock, type Locked } from '../io/postgres/lock.ts'
import { settleOrphans } from '../io/postgres/orphans.ts'
import { reapRecoveries } from '../io/postgres/reap-recovery.ts'
import type { Context } from '../model/context.ts'
import { describeHolder, type Holder } from '../model/holder.ts'
import type { Environment } from '../model/types.ts'
import type { Report } from '../report/report.ts'
import { awaitFreeVolumes } from './guard.ts'

export type DatabaseLockRequest = {
  engine: Engine
  environment: Environment
  holder: Holder
  /** Seconds. */
  lockWait: number
  report: Report
  /** Of a run that holds the guard of the volume itself. */
  holdsVolume?: boolean
}

/** What a run holds from its beginning: databases by their names, and a fleet by its own, not each of its thousands. */
export const lockNames = ({ databases, fleets = [] }: Environment): string[] => [
  ...databases.flatMap(({ database, member }) => (member ? [] : database)),
  ...fleets.map(({ name, suffix }) => `${name}${suffix}/*`),
]

const describeLocked = (locked: Locked | undefined): string =>
  locked?.holder ? `held by ${describeHolder(locked.holder)}` : 'held by another run'

const everyMs = 5000

/** Says a thing when it is new, and again every five seconds. */
const sometimes = (report: Report): ((text: string, left: number) => void) => {
  let last = ''
  let at = 0
  return (text, left) => {
    if (text === last && performance.now() - at < everyMs) return
    last = text
    at = performance.now()
    report.note(`${text}; waiting, ${Math.ceil(left / 1000)} s left`)
  }
}

/**
 * One run at a time for each of these databases, and nothing of a dead run at work in them any more.
 * @throws AppError (exit 5) naming who is in the way.
 */
export const lockDatabases = async (
  request: DatabaseLockRequest,
  context: Context,
): Promise<Lock | undefined> => {
  const { engine, environment, holder, lockWait, report, holdsVolume = false } = request
  const { shared, lockSession } = engine
  if (!lockSession) return undefined
  const databases = environment.databases.map(({ database }) => database)
  const locked = lockNames(environment)
  const wait = lockWait * 1000
  const tell = sometimes(report)
  const systemIdentifier = await readSystemIdentifier(engine.server)
  const lock = await acquireLock({
    connect: lockSession,
    databases: locked,
    holder: { ...holder, ...(systemIdentifier && { systemIdentifier }) },
    wait,
    interrupt: context.interrupt,
    onWait: (waiting) => tell(`${waiting.database} is ${describeLocked(waiting.locked)}`, waiting.left),
  })
  try {
    // Under the lock: a cutover that takes the volume from here on waits for it before it stops anything. One that has it
    // already waits for what this run holds, so that there is nothing to wait for.
    if (!holdsVolume && shared) {
      const own = environment.server === undefined ? (environment.host.volume ?? []) : []
      const volumes = [shared.volumes, own].flat()
      await awaitFreeVolumes(shared.docker, { volumes, lockWait: 0, report }, context)
    }
    const release = `po-migrate lock release ${environment.name}`
    const onWait = (what: string, left: number): void => tell(`a run that died left ${what} at work`, left)
    const { interrupt } = context
    const { server } = engine
    const reaped = await settleOrphans({
      host: shared,
      server,
      databases,
      wait,
      interrupt,
      onWait,
      release,
    })
    for (const name of [...reaped, ...(await reapRecoveries(server, databases))])
      report.note(`removed ${name}, which a run that died had left`)
    return lock
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}
