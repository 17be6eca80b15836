import { AppError, amend, exitCodes } from '../errors.ts'
import type { GlobalOptions } from '../frame/options.ts'
import type { HostLock } from '../io/host/host-lock.ts'
import { shellUntil } from '../io/host/shell.ts'
import { readLiveRuns } from '../io/postgres/backends.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import { performWith } from '../model/kind.ts'
import { quoteAll } from '../model/quote.ts'
import { execute } from '../run/execute.ts'
import { lockDatabases } from '../run/lock-databases.ts'
import { once } from '../run/once.ts'
import { openPresence } from '../run/presence.ts'
import { recordRun } from '../run/record-run.ts'
import type { RunResult } from '../run/run-result.ts'
import { listBackups, removeAbandoned } from './directory.ts'
import { renderUnproven } from './empty-views.ts'
import { handOver } from './hand-over.ts'
import { hasManifest, readManifest } from './manifest.ts'
import { type PrepareOptions, prepare } from './prepare.ts'
import { pruneBackups } from './prune.ts'
import { renderAhead, renderBackup, renderRemoval, renderTransfer, type Transfer } from './report.ts'
import { backupKinds } from './steps/backup-kinds.ts'
import { openBackup } from './take.ts'

export type BackupOptions = GlobalOptions & { environment: string; to?: string | undefined }

/** As it was typed. */
export const backupCommandLine = ({ environment, to }: BackupOptions): string =>
  quoteAll(['po-migrate', 'backup', environment, ...(to === undefined ? [] : ['--to', to])])

/** A backup that failed leaves nothing behind, and is a failure all the same, also where the server went out of reach. */
const asFailed = (error: unknown): unknown =>
  error instanceof AppError && error.exitCode === exitCodes.unreachable
    ? amend(error, { exitCode: exitCodes.failed, touched: undefined })
    : error

export type OpenedBackup = PrepareOptions & { host: HostLock; holder: Holder }

const requestOf = async (
  { run, environment, engine, state, place }: OpenedBackup,
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

type Kept = { directory: string; managed: readonly string[]; ms: number }

const tellKept = (
  { run, config, environment, place }: OpenedBackup,
  { directory, managed, ms }: Kept,
): void => {
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
export const runBackup = async (
  opened: OpenedBackup,
  options: BackupOptions,
  context: Context,
): Promise<RunResult> => {
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
      resume: () => (hasManifest(directory) ? `po-migrate history ${name}` : backupCommandLine(options)),
    })
    if (hasManifest(directory)) tellKept(opened, { directory, managed, ms: performance.now() - started })
    return result
  })
}
