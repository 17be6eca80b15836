import { loadConfig } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { AppError, type ExitCode, exitCodes } from '../errors.ts'
import { type Locked, readLocks } from '../io/lock.ts'
import { endOrphans, findOrphans, type Orphans } from '../io/orphans.ts'
import type { Context } from '../model/context.ts'
import { confirm } from '../report/confirm.ts'
import { writeDocument } from '../report/json.ts'
import { describeLocks, renderLocks } from '../report/lock.ts'
import { openEngine } from '../run/open-engine.ts'
import { placeOf, requireHere } from '../run/place.ts'
import { makeRunId } from '../run/run-id.ts'
import {
  environmentArgument,
  type GlobalOptions,
  type Program,
  paintFor,
  reportFor,
  type Wire,
} from './options.ts'

export type LockOptions = GlobalOptions & { environment: string; action: string }

export const lockCommand = (program: Program, wire: Wire) =>
  program.command(
    'lock <action> <environment>',
    'Who holds the lock; release what a run that died left',
    (args) =>
      environmentArgument(
        args.positional('action', {
          choices: ['status', 'release'],
          demandOption: true,
          describe: 'What to do',
        }),
      ),
    wire(lock),
  )

type Reading = { locks: readonly Locked[]; orphans: Orphans }

const isIdle = ({ locks, orphans }: Reading): boolean =>
  locks.length === 0 && orphans.containers.length === 0 && orphans.backends.length === 0

/** Shows who holds the environment's databases, or ends what dead runs left there and, confirmed, a live run's lock. */
export const lock = async (options: LockOptions, context: Context): Promise<ExitCode> => {
  const config = loadConfig({ file: options.config, cwd: context.cwd, env: context.env })
  const environment = resolveEnvironment(config, options.environment)
  const command = `lock ${options.action} ${environment.name}`
  await requireHere(placeOf(environment), { here: options.here, command }, context)
  const report = reportFor({ ...options, json: false }, context)
  await using engine = await openEngine({ config, environment, run: makeRunId(new Date()), report }, context)
  const { server, shared } = engine
  if (!shared)
    throw new AppError(`${environment.name} runs on the embedded engine, which has no locks.`, {
      exitCode: exitCodes.usage,
    })
  const databases = environment.databases.map(({ database }) => database)
  const [locks, orphans] = await Promise.all([
    readLocks(databases, (sql) => server.query('postgres', sql)),
    findOrphans(shared.docker, server, databases),
  ])
  const reading: Reading = { locks, orphans }
  const paint = paintFor(context.stdout, options, context)
  if (options.json && options.action === 'status')
    writeDocument(context.stdout, describeLocks(environment.name, databases, reading))
  else context.stdout.write(renderLocks(databases, reading, paint))
  if (options.action === 'status' || isIdle(reading)) return exitCodes.done
  if (locks.length > 0) {
    const about = `Ending the session of a run that is alive (${locks.map(({ database }) => database).join(', ')})`
    const given = options.confirm ?? context.env.CONFIRM
    await confirm({ about, answer: 'yes', given, command: `po-migrate ${command} --confirm yes` }, context)
    const sql = 'select pg_catalog.pg_terminate_backend(pid) from unnest($1::int[]) as pid'
    await server.query('postgres', sql, [locks.map(({ backend }) => backend)])
  }
  await endOrphans(shared.docker, server, databases)
  context.stdout.write(`${environment.name}: released.\n`)
  return exitCodes.done
}
