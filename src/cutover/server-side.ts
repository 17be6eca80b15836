import { type SuppliedEnvironment, supplyEnvironment } from '../config/checkouts.ts'
import type { Config } from '../config/load.ts'
import type { Engine } from '../io/engine.ts'
import type { Lock } from '../io/postgres/lock.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import type { Report } from '../report/report.ts'
import { lockDatabases } from '../run/lock-databases.ts'
import { openEngine } from '../run/open-engine.ts'

export type ServerSideOptions = {
  config: Config
  environments: readonly string[]
  run: string
  holder: Holder
  /** Seconds. */
  lockWait: number
  report: Report
}

/** The environments of one server while that server comes and goes. */
export type ServerSide = AsyncDisposable & {
  supplied: (environment: string) => SuppliedEnvironment
  /** By environment, the config of the checkout that a run began with: before anything is supplied. */
  pin: (configs: Readonly<Record<string, string>>) => void
  /** Connects at first use, and again after `leave`. */
  engine: (environment: string) => Promise<Engine>
  /** Locks the databases of all environments, unless they are. Aborted: the lock was lost. `patience`: seconds for a server to come up. */
  lock: (patience?: number) => Promise<AbortSignal | undefined>
  /** Ends every session, the locks' too: before the server stops. */
  leave: () => Promise<void>
}

/** Engines and locks of a host's environments, for a run that stops their server and starts another. */
export const openServerSide = (options: ServerSideOptions, context: Context): ServerSide => {
  const { config, environments, run, holder, lockWait, report } = options
  const engines = new Map<string, Promise<Engine>>()
  let held: Lock | undefined
  const known = new Map<string, SuppliedEnvironment>()
  let pinned: Readonly<Record<string, string>> = {}
  /** Read once: what was rehearsed is what is applied, though a deployment moves `current` meanwhile. */
  const supplied = (name: string): SuppliedEnvironment => {
    const found =
      known.get(name) ?? supplyEnvironment(config, name, { env: context.env, pinned: pinned[name] })
    known.set(name, found)
    return found
  }
  const engine = (name: string, patience = Infinity): Promise<Engine> => {
    const { config, environment } = supplied(name)
    const wait = Math.min(environment.wait, patience)
    const options = { config, environment: { ...environment, wait }, run, report, holdsVolume: true }
    const open = engines.get(name) ?? openEngine(options, context)
    engines.set(name, open)
    return open
  }
  const leave = async (): Promise<void> => {
    await held?.[Symbol.asyncDispose]()
    held = undefined
    const open = await Promise.allSettled(engines.values())
    engines.clear()
    for (const result of open) if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]()
  }
  const lock = async (patience?: number): Promise<AbortSignal | undefined> => {
    const [first = ''] = environments
    if (held && !held.lost.aborted) return held.lost
    const { environment } = supplied(first)
    const databases = environments.flatMap((name) => supplied(name).environment.databases)
    const request = { engine: await engine(first, patience), holder, lockWait, report, holdsVolume: true }
    held = await lockDatabases({ ...request, environment: { ...environment, databases } }, context)
    return held?.lost
  }
  const pin = (configs: Readonly<Record<string, string>>): void => {
    pinned = configs
  }
  return { supplied, pin, engine: (name) => engine(name), lock, leave, [Symbol.asyncDispose]: leave }
}
