import type { Config } from '../config/load.ts'
import type { Run } from '../frame/run.ts'
import type { Engine } from '../io/engine.ts'
import type { HostLock } from '../io/host/host-lock.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import type { Environment } from '../model/types.ts'
import { isFree } from '../run/is-free.ts'
import { openEnvironment } from '../run/open-environment.ts'
import { hasUntaken } from '../run/take-in.ts'
import type { Planned, PlannedVerb } from './planned-verb.ts'

type About = { run: Run; config: Config; environment: Environment; verb: PlannedVerb }
/** `environment`: with the databases of its fleets. */
type Seen = Planned & { engine: Engine; environment: Environment; nothingToDo: boolean }

/** What it opened is the caller's. */
const look = async ({ run, config, environment: asked, verb }: About, context: Context): Promise<Seen> => {
  const { lockWait } = verb.options
  const { engine, environment } = await openEnvironment(
    { config, environment: asked, run: run.id, report: run.report, lockWait },
    context,
  )
  try {
    const { databases, planned } = await verb.plan(environment, engine)
    // Under the lock, a row of the ledger that a dead run left open is settled, and what it never saw is taken in.
    const settled = !databases.some(({ open }) => open) && !(verb.takesIn && hasUntaken(databases))
    return { engine, environment, databases, planned, nothingToDo: planned.steps.length === 0 && settled }
  } catch (error) {
    await engine[Symbol.asyncDispose]()
    throw error
  }
}

/** Without a lock of the host: there was nothing to do. */
export type Looked = AsyncDisposable & Seen & { hostLock: HostLock | undefined }

/**
 * Opens the engine and plans. Whoever finds nothing to do takes no lock; and where the lock had to be waited for, a cutover may
 * have been at work, so that what was seen before counts for nothing.
 */
export const lookFirst = async (
  about: About,
  { holder, lockWait }: { holder: Holder; lockWait: number },
  context: Context,
): Promise<Looked> => {
  const { run, config, environment, verb } = about
  const { host } = environment
  const { report } = run
  await using held = new AsyncDisposableStack()
  const lock = async (onWait: () => void): Promise<HostLock> => {
    const { lockHost } = await import('../run/lock-host.ts')
    return held.use(await lockHost({ config, host, holder, lockWait, report, onWait }, context))
  }
  const handOver = (seen: Seen, engine: AsyncDisposable, hostLock?: HostLock): Looked => {
    held.use(engine)
    const open = held.move()
    return { ...seen, hostLock, [Symbol.asyncDispose]: () => open.disposeAsync() }
  }
  const lookLocked = async (hostLock: HostLock): Promise<Looked> => {
    const seen = await look(about, context)
    return handOver(seen, seen.engine, hostLock)
  }
  if (!(verb.takesIn && isFree({ config, host }, context))) return await lookLocked(await lock(() => {}))
  const seen = await look(about, context)
  await using first = new AsyncDisposableStack()
  first.use(seen.engine)
  if (seen.nothingToDo) return handOver(seen, first.move())
  let waited = false
  const hostLock = await lock(() => {
    waited = true
  })
  if (!waited) return handOver(seen, first.move(), hostLock)
  // An embedded server is one process's alone.
  await first.disposeAsync()
  return await lookLocked(hostLock)
}
