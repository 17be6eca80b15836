import { join, resolve } from 'node:path'
import { backupName, backupsDirectory, listBackups, removeAbandoned } from '../backup/directory.ts'
import { requireBackupSpace } from '../backup/disk-space.ts'
import { renderUnproven } from '../backup/empty-views.ts'
import { handOver } from '../backup/hand-over.ts'
import { hasManifest, readManifest } from '../backup/manifest.ts'
import { once } from '../backup/once.ts'
import { placeAt, sharesDisk } from '../backup/place.ts'
import { planBackup } from '../backup/plan/backup.ts'
import { pruneBackups } from '../backup/prune.ts'
import { renderAhead, renderBackup, renderRemoval, renderTransfer, type Transfer } from '../backup/report.ts'
import { requireReadable } from '../backup/require-readable.ts'
import { backupKinds } from '../backup/steps/backup-kinds.ts'
import { openBackup } from '../backup/take.ts'
import type { Config } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { requireState } from '../config/state.ts'
import { AppError, amend, type ExitCode, exitCodes, usageError } from '../errors.ts'
import { fewNames } from '../fleet/tell.ts'
import { configOf } from '../frame/config-of.ts'
import { environmentArgument, type GlobalOptions, type Program, type Wire } from '../frame/options.ts'
import { type Run, withRun } from '../frame/run.ts'
import type { HostLock } from '../io/host/host-lock.ts'
import { shellUntil } from '../io/host/shell.ts'
import { readLiveRuns } from '../io/postgres/backends.ts'
import { readMajor } from '../io/postgres/inventory.ts'
import { readExisting } from '../io/postgres/read-database.ts'
import { mayReadPasswords } from '../io/postgres/unreadable.ts'
import { requireShared, type SharedEngine } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import { mostConnections, ownSessions } from '../model/few-sessions.ts'
import type { Holder } from '../model/holder.ts'
import { performWith } from '../model/kind.ts'
import { quoteAll } from '../model/quote.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import { execute } from '../run/execute.ts'
import { lockDatabases } from '../run/lock-databases.ts'
import { lockHost } from '../run/lock-host.ts'
import { makeHolder } from '../run/make-holder.ts'
import { openEnvironment } from '../run/open-environment.ts'
import { openPresence } from '../run/presence.ts'
import { recordRun } from '../run/record-run.ts'
import { requireDocker } from '../run/require-docker.ts'
import type { RunResult } from '../run/run-result.ts'
import { verbs } from './verbs.ts'

export type BackupOptions = GlobalOptions & { environment: string; to?: string | undefined }

export const backupCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.backup,
    (args) =>
      environmentArgument(args)
        .option('to', {
          type: 'string',
          requiresArg: true,
          describe: 'Directory on another disk or a mounted share; left out: the state directory',
        })
        .example('$0 backup prod', '')
        .example('$0 backup prod --to /mnt/backups', 'what lies on the disk of the data is lost with it'),
    wire(backup),
  )

const commandLine = ({ environment, to }: BackupOptions): string =>
  quoteAll(['po-migrate', 'backup', environment, ...(to === undefined ? [] : ['--to', to])])

/** A backup that failed leaves nothing behind, and is a failure all the same, also where the server went out of reach. */
const asFailed = (error: unknown): unknown =>
  error instanceof AppError && error.exitCode === exitCodes.unreachable
    ? amend(error, { exitCode: exitCodes.failed, touched: undefined })
    : error

type Opened = {
  run: Run
  config: Config
  environment: Environment
  engine: SharedEngine
  state: State
  /** Where backups of the environment are kept by this run. */
  place: State
  host: HostLock
  holder: Holder
}

const requestOf = async (
  { run, environment, engine, state, place }: Opened,
  databases: readonly string[],
) => ({
  ...(await engine.shared.tools(run.report.progress)),
  docker: engine.shared.docker,
  id: engine.shared.id,
  server: engine.server,
  user: engine.server.user,
  run: run.id,
  environment: environment.name,
  state,
  place,
  volume: environment.server === undefined ? environment.host.volume : undefined,
  databases,
})

/** @throws AppError (exit 2) for a fleet of more databases than there may be sessions: all snapshots are of one moment. */
const requireSessions = ({ name, databases, fleets }: Environment, { connections }: Config): void => {
  const needed = databases.length + ownSessions
  if (!fleets || needed <= connections) return
  throw usageError(
    `A backup of ${name} needs ${needed} sessions, and connections: allows ${connections}.`,
    needed <= mostConnections
      ? `write into the config: connections: ${needed}, if the server has as many to give`
      : 'pg_basebackup, which copies the server as a whole',
    ['The snapshots of all its databases are taken at the same moment, each in a session of its own.'],
  )
}

/** What there is to dump and where to, with everything that could stand in the way asked first. */
const prepare = async ({ run, config, environment, engine, state, place }: Opened) => {
  const { report } = run
  const { server } = engine
  const { name } = environment
  const managed = environment.databases.map(({ database }) => database)
  const existing = await readExisting(server, managed)
  const databases = managed.filter((one) => existing.has(one))
  const absent = managed.filter((one) => !existing.has(one))
  const directory = join(backupsDirectory(place), backupName(name, run.id))
  const after = config.after_backup !== undefined
  const plan = planBackup({ environment: name, existing: databases, directory, after })
  await engine.shared.tools(report.progress)
  await requireReadable(server, databases, await readMajor(server))
  if (!(await mayReadPasswords(server)))
    report.note(`"${server.user}" may not read the passwords of roles: they are not in the backup`)
  await requireBackupSpace(engine, { path: place.root, databases })
  if (place !== state && (await sharesDisk(engine.shared.docker, place.root)))
    report.note(
      `${place.root} lies on the disk of the data, and is lost with it: is what belongs there mounted?`,
    )
  if (absent.length > 0) report.note(`not in it, since not on the server: ${fewNames(absent)}`)
  for (const { obstacle } of environment.refused ?? []) report.note(`not in it: ${obstacle.message}`)
  return { plan, directory, managed, databases }
}

type Kept = { directory: string; managed: readonly string[]; ms: number }

const tellKept = ({ run, config, environment, place }: Opened, { directory, managed, ms }: Kept): void => {
  const { report } = run
  const { name } = environment
  const manifest = readManifest(directory)
  report.result(renderBackup({ environment: name, directory, databases: manifest.databases, ms }))
  for (const line of renderUnproven(manifest)) report.note(line)
  const { backups: retain } = config.retain
  report.note(`the newest ${retain} are kept (retain.backups)`)
  const told = renderAhead(listBackups(place, name), Date.now())
  const keep = new Set([directory])
  const removal = renderRemoval(pruneBackups({ state: place, of: name, retain, managed, keep }))
  for (const line of [...told, ...removal]) report.note(line)
}

/** Databases are held while they are dumped, and free again while the dumps are proven. */
const runBackup = async (opened: Opened, options: BackupOptions, context: Context): Promise<RunResult> => {
  const { run, config, environment, engine, state, place, holder } = opened
  const { report } = run
  const { name } = environment
  await using _presence = await openPresence(engine)
  await using lock = await lockDatabases(
    { engine, environment, holder, lockWait: options.lockWait, report },
    context,
  )
  const abandoned = removeAbandoned(place, name, await readLiveRuns(engine.server))
  for (const line of renderRemoval(abandoned, 'which a run that died had left')) report.note(line)
  const { plan, directory, managed, databases } = await prepare(opened)
  const record = { state, run: run.id, command: 'backup' as const, environment: name, databases, directory }
  const { interrupt, stop } = context
  return await recordRun(record, context, async () => {
    run.start(plan)
    const started = performance.now()
    const request = {
      ...(await requestOf(opened, databases)),
      onProgress: (_: string, progress: Transfer) => report.progress(renderTransfer(progress)),
      signal: interrupt,
    }
    await using making = once(() => openBackup(request))
    const free = async (): Promise<void> => lock?.[Symbol.asyncDispose]()
    const command = config.after_backup ?? []
    const after = { command, cwd: config.directory, env: context.env, onLine: report.progress, interrupt }
    const perform = performWith(backupKinds, {
      backup: making.open,
      free,
      handOver: (kept) => handOver(shellUntil(stop), { ...after, directory: kept }),
    })
    const result = await execute(plan, {
      run: run.id,
      kinds: backupKinds,
      perform: (step) => {
        // The databases' own lock is let go before the dumps are proven.
        opened.host.verify()
        return perform(step).catch((error) => {
          throw asFailed(error)
        })
      },
      report,
      interrupt,
      // Nothing is lost when a dump is cut short.
      stop: interrupt,
      resume: () => (hasManifest(directory) ? `po-migrate history ${name}` : commandLine(options)),
    })
    if (hasManifest(directory)) tellKept(opened, { directory, managed, ms: performance.now() - started })
    return result
  })
}

/** Dumps every managed database of an environment, proves the dumps, and keeps them. */
const backup = (options: BackupOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'backup', environment: options.environment, global: options }, context, async (run) => {
    const config = configOf(options, context)
    const asked = resolveEnvironment(config, options.environment)
    const { host, name } = asked
    requireDocker(asked, 'backup')
    const holder = makeHolder(
      { run: run.id, command: commandLine(options), verb: 'backup', target: name, config, host },
      context,
    )
    const { report } = run
    const { lockWait } = options
    await using hostLock = await lockHost({ config, host, holder, lockWait, report }, context)
    await using server = await openEnvironment(
      { config, environment: asked, run: run.id, report, lockWait },
      context,
    )
    const { engine, environment } = server
    requireSessions(environment, config)
    const state = requireState(config, host, context.env)
    const place = options.to === undefined ? state : placeAt(state, resolve(context.cwd, options.to))
    const shared = requireShared(engine)
    const opened = { run, config, environment, engine: shared, state, place, host: hostLock, holder }
    return await runBackup(opened, options, context)
  })
