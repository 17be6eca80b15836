import type { Config } from '../config/load.ts'
import { requireState, stateOf } from '../config/state.ts'
import type { Engine } from '../io/engine.ts'
import { acquireHostLock, type HostLock, hasFlock, readHostHolder } from '../io/host/host-lock.ts'
import { readSystemIdentifier } from '../io/postgres/inventory.ts'
import { acquireLock, type Lock, type Locked } from '../io/postgres/lock.ts'
import { settleOrphans } from '../io/postgres/orphans.ts'
import { reapRecoveries } from '../io/postgres/reap-recovery.ts'
import type { Context } from '../model/context.ts'
import { isReset } from '../model/cutover.ts'
import { describeHolder, type Holder } from '../model/holder.ts'
import type { Environment, Host } from '../model/types.ts'
import type { Report } from '../report/report.ts'
import { awaitFreeVolumes, requireFlock } from './guard.ts'
import { userOf } from './provenance.ts'
import { readNewest, refuseUnfinished } from './unfinished.ts'

export type RunIdentity = {
  run: string
  /** As typed. */
  command: string
  verb: string
  /** The environment or the host that it is about. */
  target: string
  config: Config
  host: Host
}

/** Who this run is, for whoever has to wait for it. */
export const makeHolder = (
  { run, command, verb, target, config, host }: RunIdentity,
  context: Context,
): Holder => ({
  run,
  verb,
  target,
  project: stateOf(config, host, context.env).project,
  ...(host.volume && { volume: host.volume }),
  user: userOf(context),
  host: context.hostname,
  pid: context.pid,
  ...(context.env.CI_JOB_URL && { job: context.env.CI_JOB_URL }),
  command,
  since: new Date().toISOString(),
})

export type HostLockRequest = {
  config: Config
  host: Host
  holder: Holder
  lockWait: number
  report: Report
  /** Told when it did not come at once. */
  onWait?: () => void
  /** Shared with everybody who writes, where nothing else is said: a cutover holds it alone. */
  mode?: 'shared' | 'exclusive'
}

/**
 * Whether the host may be looked at without its lock: nobody has it alone, and there is one to take. Who finds something to do takes the lock, which
 * comes at once unless a cutover began meanwhile.
 * @throws AppError (exit 4) while a cutover that ended half-way waits.
 */
export const isFree = (
  { config, host }: Pick<HostLockRequest, 'config' | 'host'>,
  { env }: Context,
): boolean => {
  const state = requireState(config, host, env)
  if (readHostHolder(state.root) || !hasFlock(env.PATH)) return false
  if (host.cutover) refuseUnfinished(readNewest(state, host), !isReset(host.cutover))
  return true
}

/**
 * The host's lock, taken before Postgres is tried.
 * @throws AppError (exit 5) naming who has it, (exit 4) where several write and there is no flock, and for a shared one while a
 * cutover that ended half-way waits: what is written to the new volume before it goes on could stand in its way.
 */
export const lockHost = async (
  { config, host, holder, lockWait, report, onWait, mode = 'shared' }: HostLockRequest,
  context: Context,
): Promise<HostLock> => {
  const state = requireState(config, host, context.env)
  const lock = await acquireHostLock({
    state: state.root,
    mode,
    holder,
    wait: lockWait,
    interrupt: context.interrupt,
    path: context.env.PATH,
    onWait: (other) => {
      onWait?.()
      report.note(
        `the host is held by ${other ? describeHolder(other) : 'another run'}; waiting, at most ${lockWait} s`,
      )
    },
  })
  try {
    requireFlock(lock, host, report)
    if (mode === 'shared' && host.cutover) refuseUnfinished(readNewest(state, host), !isReset(host.cutover))
    return lock
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}

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

const describeLocked = (locked: Locked | undefined): string =>
  locked?.holder ? `held by ${describeHolder(locked.holder)}` : 'held by another run'

const everyMs = 5000

/** Says a thing when it is new, and again every five seconds. */
const sometimes = (report: Report): ((text: string, left: number) => void) => {
  let last = ''
  let at = 0
  return (text, left) => {
    if (text === last && Date.now() - at < everyMs) return
    last = text
    at = Date.now()
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
  const { shared } = engine
  if (!shared) return undefined
  const databases = environment.databases.map(({ database }) => database)
  const wait = lockWait * 1000
  const tell = sometimes(report)
  const systemIdentifier = await readSystemIdentifier(engine.server)
  const lock = await acquireLock({
    connect: shared.lockSession,
    databases,
    holder: { ...holder, ...(systemIdentifier && { systemIdentifier }) },
    wait,
    interrupt: context.interrupt,
    onWait: ({ locked, database, left }) => tell(`${database} is ${describeLocked(locked)}`, left),
  })
  try {
    // Under the lock: a cutover that takes the volume from here on waits for it before it stops anything. One that has it
    // already waits for what this run holds, so that there is nothing to wait for.
    if (!holdsVolume) {
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
