import { setTimeout as sleep } from 'node:timers/promises'
import { type ExitCode, exitCodes } from '../errors.ts'
import { fewNames } from '../fleet/tell.ts'
import {
  environmentArgument,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
} from '../frame/options.ts'
import { type OpenedEnvironment, withEnvironment } from '../frame/with-environment.ts'
import { endBackends } from '../io/postgres/backends.ts'
import { type Locked, readLocks } from '../io/postgres/lock.ts'
import { endOrphans, findOrphans, isClean, type Orphans, ownOrphans } from '../io/postgres/orphans.ts'
import { requireShared } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import { confirm } from '../report/confirm.ts'
import { writeDocument } from '../report/json.ts'
import { describeLocks, renderLocks } from '../report/lock.ts'
import { lockNames } from '../run/lock-databases.ts'
import { requireServer } from '../run/require-docker.ts'
import { choices, verbs } from './verbs.ts'

export type LockOptions = GlobalOptions & { environment: string; action: string }

export const lockCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.lock,
    (args) =>
      environmentArgument(
        args.positional('action', {
          choices: choices.action,
          demandOption: true,
          describe: 'What to do',
        }),
      ),
    wire(lock),
  )

type Reading = { locks: readonly Locked[]; orphans: Orphans }

const isIdle = ({ locks, orphans }: Reading): boolean => locks.length === 0 && isClean(ownOrphans(orphans))

const patience = 5000
const pause = 100

/** A live run's container is not ours to end, and a backend that was told to go takes a moment. */
const untilFree = async (opened: OpenedEnvironment): Promise<void> => {
  const deadline = performance.now() + patience
  while ((await readLockState(opened)).locks.length > 0 && performance.now() < deadline) await sleep(pause)
}

/** Ends what dead runs left and, confirmed, the lock session of a live one. */
const release = async (
  reading: Reading,
  opened: OpenedEnvironment,
  confirmed: () => Promise<void>,
): Promise<void> => {
  const { server, shared } = opened.engine
  const databases = opened.environment.databases.map(({ database }) => database)
  if (reading.locks.length > 0) {
    await confirmed()
    await endBackends(
      server,
      reading.locks.map(({ backend }) => backend),
    )
    await untilFree(opened)
  }
  await endOrphans(shared, server, databases)
}

const readLockState = async ({ environment, engine }: OpenedEnvironment): Promise<Reading> => {
  requireServer(environment, 'locks')
  const { server, shared } = engine.lockSession ? engine : requireShared(engine)
  const databases = environment.databases.map(({ database }) => database)
  const names = [...new Set([...lockNames(environment), ...databases])]
  const [locks, orphans] = await Promise.all([
    readLocks(names, (sql) => server.query(server.maintenance, sql)),
    findOrphans(shared, server, databases),
  ])
  return { locks, orphans }
}

/** Shows who holds the environment's databases, or ends what dead runs left there and, confirmed, a live run's lock. */
const lock = (options: LockOptions, context: Context): Promise<ExitCode> =>
  withEnvironment(options, context, async (opened) => {
    const { name } = opened.environment
    const reading = await readLockState(opened)
    // Of a fleet its own lock, and those of its databases that are held.
    const held = reading.locks.map(({ database }) => database)
    const names = [...new Set([...lockNames(opened.environment), ...held])]
    const paint = paintFor(context.stdout, options, context)
    if (options.json && options.action === 'status')
      writeDocument(context.stdout, describeLocks(name, names, reading))
    else context.stdout.write(renderLocks(names, reading, paint))
    if (options.action === 'status' || isIdle(reading)) return exitCodes.done
    const about = `Ending the session of a run that is alive (${fewNames(held)})`
    const given = options.confirm ?? context.env.CONFIRM
    const question = { about, answer: 'yes', given, command: `po-migrate lock release ${name} --confirm yes` }
    await release(reading, opened, () => confirm(question, context))
    context.stdout.write(`${name}: released.\n`)
    return exitCodes.done
  })
