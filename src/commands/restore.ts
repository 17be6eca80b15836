import { resolve } from 'node:path'
import { type Origin, originOf, refuseForeign } from '../backup/adopt-owner.ts'
import { requireRestoreSpace } from '../backup/disk-space.ts'
import { checkFiles, readManifest } from '../backup/manifest.ts'
import { once } from '../backup/once.ts'
import { dropsDue, planRestore, swapsOf } from '../backup/plan/restore.ts'
import { readReplacements, restoredBy } from '../backup/replacements.ts'
import { renderReplacements, renderRestore, renderTransfer, type Transfer } from '../backup/report.ts'
import { openRestore } from '../backup/restore.ts'
import { type RestoreStep, restoreKinds } from '../backup/steps/restore-kinds.ts'
import type { Config } from '../config/load.ts'
import { managedOn, resolveEnvironment } from '../config/resolve.ts'
import { requireState } from '../config/state.ts'
import { AppError, asTouched, type ExitCode, exitCodes } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import {
  databaseOption,
  environmentArgument,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
} from '../frame/options.ts'
import { type Run, withRun } from '../frame/run.ts'
import type { HostLock } from '../io/host/host-lock.ts'
import { readServerInventory, readSystemIdentifier, readTakenNames } from '../io/postgres/inventory.ts'
import { anyLost } from '../io/postgres/lock.ts'
import { requireShared, type SharedEngine } from '../io/shared-engine.ts'
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
import { confirm, isConfirmed, type Question } from '../report/confirm.ts'
import { renderPlan } from '../report/up.ts'
import { execute } from '../run/execute.ts'
import { lockDatabases } from '../run/lock-databases.ts'
import { lockHost } from '../run/lock-host.ts'
import { makeHolder } from '../run/make-holder.ts'
import { openEnvironment } from '../run/open-environment.ts'
import { recordRun } from '../run/record-run.ts'
import { requireDocker } from '../run/require-docker.ts'
import { requireLock } from '../run/require-lock.ts'
import type { RunResult } from '../run/run-result.ts'
import { verbs } from './verbs.ts'

export type RestoreOptions = GlobalOptions & {
  environment: string
  db: readonly string[]
  from: string
  foreign: boolean
}

export const restoreCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.restore,
    (args) =>
      databaseOption(environmentArgument(args))
        .option('from', {
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'Directory of the backup',
        })
        .option('foreign', {
          type: 'boolean',
          default: false,
          describe: "Also another project's backup; always asks for a confirmation",
        })
        .example('$0 restore qual --from DIR --db calendar --confirm yes', ''),
    wire(restore),
  )

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

type Opened = {
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

const planNow = async (opened: Opened, options: RestoreOptions): Promise<Plan<RestoreStep>> => {
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
  })
}

/** A new server has another system_identifier, and so has one after a cutover: something to know, no more. */
const tellServer = async ({ run, engine, manifest }: Opened): Promise<void> => {
  const present = await readSystemIdentifier(engine.server)
  if (manifest.systemIdentifier !== undefined && manifest.systemIdentifier !== present)
    run.report.note(
      `the backup is of another server (system_identifier ${manifest.systemIdentifier}; this is ${present ?? 'not told'})`,
    )
}

/** What is not this project's for sure is asked about everywhere. */
const aboutOf = ({ environment: { name }, state, manifest, origin }: Opened): string => {
  const about = `Replacing these databases of ${name}`
  if (origin === 'own') return about
  if (origin !== 'unknown')
    return `${about} (project ${state.project}) by a backup of the project ${origin.project}`
  return `${about} by a backup that names no project (po-migrate ${manifest.tool}, of "${manifest.environment}")`
}

const isAsked = ({ environment, origin }: Opened): boolean =>
  origin !== 'own' || environment.confirm || environment.host.shared === true

/** Whoever is asked sees what about, also where nothing else is told. */
const askFirst = async (
  opened: Opened,
  { options, text }: { options: RestoreOptions; text: string },
  context: Context,
): Promise<void> => {
  if (!isAsked(opened)) return
  const about = aboutOf(opened)
  const given = options.confirm ?? context.env.CONFIRM
  const command = `${restoreCommandLine(options)} --confirm yes`
  const question: Question = { about, answer: 'yes', given, command }
  if (isConfirmed(question, context)) return
  if (options.json || options.quiet) context.stderr.write(`${text}\n`)
  await confirm(question, context)
}

const runRestore = async (opened: Opened, options: RestoreOptions, context: Context): Promise<RunResult> => {
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
  await askFirst(opened, { options, text }, context)
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

type Whole = { directory: string; manifest: Manifest; signal: AbortSignal; others: string }

/** @throws AppError (exit 4) naming every file that is not what was written, (exit 130, 143) interrupted. */
const requireWhole = async ({ directory, manifest, signal, others }: Whole): Promise<void> => {
  const { globals, databases } = manifest
  const faults = await checkFiles(directory, [globals, ...databases], { signal })
  if (faults.length === 0) return
  throw new AppError(`The backup ${directory} is damaged.`, {
    exitCode: exitCodes.refused,
    details: [...faults],
    hint: others,
  })
}

/** Brings the databases of an environment, or the named ones, back from a backup. */
const restore = (options: RestoreOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'restore', environment: options.environment, global: options }, context, async (run) => {
    const config = configOf(options, context)
    const asked = resolveEnvironment(config, options.environment, options.db)
    const { host } = asked
    const command = restoreCommandLine(options)
    requireDocker(asked, 'restore')
    const directory = resolve(context.cwd, options.from)
    const others = `po-migrate history ${asked.name}`
    const manifest = readManifest(directory, others)
    const state = requireState(config, host, context.env)
    const origin = originOf(directory, manifest, state)
    refuseForeign(origin, {
      directory,
      project: state.project,
      command: `${restoreCommandLine({ ...options, foreign: true })} --confirm yes`,
      foreign: options.foreign,
    })
    const { report } = run
    const { lockWait } = options
    report.note(`reading the files of ${directory}`)
    await requireWhole({ directory, manifest, signal: context.interrupt, others })
    const holder = makeHolder(
      { run: run.id, command, verb: 'restore', target: asked.name, config, host },
      context,
    )
    await using hostLock = await lockHost({ config, host, holder, lockWait, report }, context)
    await using server = await openEnvironment(
      { config, environment: asked, run: run.id, report, lockWait },
      context,
    )
    const { engine, environment } = server
    const shared = requireShared(engine)
    return await runRestore(
      {
        ...{ run, config, environment, engine: shared, state, directory, manifest, origin, holder },
        host: hostLock,
      },
      options,
      context,
    )
  })
