import type { Config } from '../config/load.ts'
import { managedOn } from '../config/resolve.ts'
import { asTouched } from '../errors.ts'
import { type GlobalOptions, paintFor } from '../frame/options.ts'
import type { Run } from '../frame/run.ts'
import type { HostLock } from '../io/host/host-lock.ts'
import { readSequences } from '../io/host/sequence.ts'
import { readServerInventory, readSystemIdentifier, readTakenNames } from '../io/postgres/inventory.ts'
import { anyLost } from '../io/postgres/lock.ts'
import type { SharedEngine } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import { performWith } from '../model/kind.ts'
import { type Manifest, majorOf } from '../model/manifest.ts'
import type { StepOutcome } from '../model/outcome.ts'
import { type PasteTarget, pasteSql } from '../model/paste.ts'
import type { Plan } from '../model/plan.ts'
import { quoteAll } from '../model/quote.ts'
import { quoteIdentifier } from '../model/sql.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import { requireShown } from '../plan/up.ts'
import { renderPlan } from '../report/up.ts'
import { execute } from '../run/execute.ts'
import { lockDatabases } from '../run/lock-databases.ts'
import { once } from '../run/once.ts'
import { recordRun } from '../run/record-run.ts'
import { requireLock } from '../run/require-lock.ts'
import type { RunResult } from '../run/run-result.ts'
import type { Origin } from './adopt-owner.ts'
import { askFirst, isAsked } from './ask-restore.ts'
import { requireRestoreSpace } from './disk-space.ts'
import { dropsDue, planRestore, swapsOf } from './plan/restore.ts'
import { readReplacements, restoredBy } from './replacements.ts'
import { renderReplacements, renderRestore, renderTransfer, type Transfer } from './report.ts'
import { openRestore } from './restore.ts'
import { type RestoreStep, restoreKinds } from './steps/restore-kinds.ts'

export type RestoreOptions = GlobalOptions & {
  environment: string
  db: readonly string[]
  from: string
  foreign: boolean
}

/** As it was typed. */
export const restoreCommandLine = ({ environment, from, db, foreign }: RestoreOptions): string =>
  quoteAll([
    ...['po-migrate', 'restore', environment, '--from', from],
    ...(foreign ? ['--foreign'] : []),
    ...db.flatMap((name) => ['--db', name]),
  ])

/** Not the same again once it is done: that would replace what was restored, and drop what it replaced. */
const resumeOf =
  (command: string, server: PasteTarget) =>
  (outcomes: readonly StepOutcome[]): string => {
    const due = dropsDue(outcomes)
    if (due.length === 0) return command
    const drop = (name: string): string => `drop database if exists ${quoteIdentifier(name)} with (force)`
    return pasteSql(server, server.maintenance, due.map(drop))
  }

export type OpenedRestore = {
  run: Run
  config: Config
  environment: Environment
  engine: SharedEngine
  state: State
  directory: string
  manifest: Manifest
  origin: Origin
  host: HostLock
  holder: Holder
}

const planNow = async (opened: OpenedRestore, options: RestoreOptions): Promise<Plan<RestoreStep>> => {
  const { run, config, environment, engine, directory, manifest } = opened
  const { server } = engine
  const [databases, { roles, version }] = await Promise.all([
    readTakenNames(server),
    readServerInventory(server),
  ])
  return planRestore({
    environment: environment.name,
    run: run.id,
    directory,
    manifest,
    wanted: environment.databases.map(({ database }) => database),
    named: options.db.length > 0,
    databases,
    roles: roles.map(({ name }) => name),
    serverVersion: version,
    retain: config.retain.replaced,
    neighbours: managedOn(config, environment.host.name),
    sequenceOf: readSequences(opened.state),
  })
}

/** A new server has another system_identifier, and so has one after a cutover: something to know, no more. */
const tellServer = async ({ run, engine, manifest }: OpenedRestore): Promise<void> => {
  const present = await readSystemIdentifier(engine.server)
  if (manifest.systemIdentifier !== undefined && manifest.systemIdentifier !== present)
    run.report.note(
      `the backup is of another server (system_identifier ${manifest.systemIdentifier}; this is ${present ?? 'not told'})`,
    )
}

/** Shown, confirmed, locked, planned again, and done. */
export const runRestore = async (
  opened: OpenedRestore,
  options: RestoreOptions,
  context: Context,
): Promise<RunResult> => {
  const { run, environment, engine, state, directory, manifest, host, holder } = opened
  const { report } = run
  const { interrupt } = context
  const shown = await planNow(opened, options)
  await tellServer(opened)
  const replacements = renderReplacements(await readReplacements(engine.server, shown, manifest))
  const text =
    `${replacements}${renderPlan(shown, restoreKinds, paintFor(context.stderr, options, context))}`.trimEnd()
  if (!options.json) report.note(text)
  await requireRestoreSpace(engine, restoredBy(shown, manifest))
  await askFirst(opened, { options, typed: restoreCommandLine(options), text }, context)
  const { lockWait } = options
  await using lock = await lockDatabases({ engine, environment, holder, lockWait, report }, context)
  const plan = await planNow(opened, options)
  requireShown(shown, plan, restoreCommandLine(options))
  const databases = swapsOf(plan).map(({ database }) => database)
  const { name } = environment
  const record = { state, run: run.id, command: 'restore' as const, environment: name, databases, directory }
  return await recordRun(record, context, async () => {
    run.start(plan)
    const started = performance.now()
    const request = {
      ...(await engine.shared.tools(report.progress)),
      docker: engine.shared.docker,
      server: engine.server,
      user: engine.server.user,
      run: run.id,
      directory,
      manifest,
      major: majorOf((await readServerInventory(engine.server)).version),
      onProgress: (_: string, progress: Transfer) => report.progress(renderTransfer(progress)),
      onNote: report.note,
      // Until the swap nothing of the present databases is touched.
      signal: interrupt,
    }
    await using restoring = once(async () => openRestore(request))
    const perform = performWith(restoreKinds, { restore: restoring.open })
    const command = restoreCommandLine(options)
    const again = isAsked(opened) ? `${command} --confirm yes` : command
    const lost = anyLost(host, lock)
    const result = await execute(plan, {
      run: run.id,
      kinds: restoreKinds,
      perform: (step) => {
        host.verify()
        requireLock(lost)
        return perform(step).catch((error) => {
          throw asTouched(error)
        })
      },
      report,
      interrupt,
      stop: interrupt,
      resume: resumeOf(again, engine.server),
    })
    const ms = performance.now() - started
    if (result.status === 'done')
      report.result(renderRestore({ environment: name, directory, swaps: swapsOf(plan), ms }))
    return result
  })
}
