import type { Config } from '../config/load.ts'
import { dbmateImage, resolveEnvironment } from '../config/resolve.ts'
import { stateOf } from '../config/state.ts'
import { configOf } from '../frame/config-of.ts'
import { paintFor } from '../frame/options.ts'
import type { Run } from '../frame/run.ts'
import type { Engine } from '../io/engine.ts'
import type { HostLock } from '../io/host/host-lock.ts'
import { anyLost } from '../io/postgres/lock.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import { performWith } from '../model/kind.ts'
import type { Plan } from '../model/plan.ts'
import type { Environment } from '../model/types.ts'
import { requireAllowed, requireShown } from '../plan/up.ts'
import { type UpStep, upKinds } from '../rehearsal/steps/up-kinds.ts'
import { wishOf } from '../rehearsal/with-rehearsal.ts'
import { confirm } from '../report/confirm.ts'
import { renderHeader, renderMissing, renderNotes, renderNothingToDo } from '../report/up.ts'
import { watchApplied } from '../run/applied.ts'
import { execute, nothingDone, type RunResult } from '../run/execute.ts'
import { openMigrateTools } from '../run/migrate-tools.ts'
import { readProvenance } from '../run/provenance.ts'
import { requireLock } from '../run/require-lock.ts'
import { settleFindings } from '../run/settle.ts'
import { takeInFiles } from '../run/take-in.ts'
import { lockDatabases, makeHolder } from '../run/with-locks.ts'
import { lookFirst } from './look-first.ts'
import type { ShownPlan } from './plan.ts'
import type { Planned, PlannedVerb } from './planned-verb.ts'

/** A command for whoever was asked, and need not be asked again. */
const confirmed = (command: string, was: boolean): string => (was ? `${command} --confirm yes` : command)

/** Whether the command line carries the confirmation that is asked for. */
const isGiven = (verb: PlannedVerb, environment: Environment, { env }: Context): boolean =>
  verb.asks(environment) && (verb.options.confirm ?? env.CONFIRM) === 'yes'

/** Where it is asked for, and something is to be done: the plan, then the question. */
const askFirst = async (shown: ShownPlan, verb: PlannedVerb, context: Context): Promise<void> => {
  const { options, question } = verb
  if (shown.plan.steps.length === 0) return
  const asks = verb.asks(shown.environment)
  const command = confirmed(verb.command, asks)
  if (!options.json && (asks || (verb.alwaysShown && !options.quiet)))
    verb.show({ ...shown, command }, context)
  if (!asks) return
  const given = options.confirm ?? context.env.CONFIRM
  await confirm({ about: question, answer: 'yes', given, command }, context)
}

type Opened = {
  run: Run
  config: Config
  environment: Environment
  engine: Engine
  host: HostLock
  holder: Holder
  /** The plan that was shown, and perhaps confirmed, before the lock was there. */
  shown: Plan<UpStep>
}

const reportNothing = (run: Run, { name }: Environment, { planned, databases }: Planned): RunResult => {
  run.start(planned)
  run.report.result(renderNothingToDo(name, databases))
  return nothingDone
}

/** Under the lock the world is read again: what another run did meanwhile is not in the plan any more. */
const runLocked = async (opened: Opened, verb: PlannedVerb, context: Context): Promise<RunResult> => {
  const { run, config, environment, engine, host, holder, shown } = opened
  const { report } = run
  const { interrupt, stop } = context
  const { lockWait } = verb.options
  await using lock = await lockDatabases({ engine, environment, holder, lockWait, report }, context)
  const { databases, planned } = await verb.plan(environment, engine)
  requireAllowed(planned, confirmed(verb.command, isGiven(verb, environment, context)))
  for (const line of await settleFindings(engine.server, databases)) report.note(line)
  requireShown(shown, planned, verb.look ?? verb.command)
  if (verb.takesIn) {
    // What was settled a moment ago is in the ledger, though not in what was read before.
    const known = databases.filter(({ open }) => !open)
    // Nothing runs for it, and no image is asked for.
    const unrun = { ...engine, imageId: async () => '' }
    const provenance = () => readProvenance({ config, environment, engine: unrun }, context)
    for (const line of await takeInFiles(engine.server, known, { run: run.id, provenance })) report.note(line)
  }
  if (planned.steps.length === 0) return reportNothing(run, environment, { planned, databases })
  run.start(planned)
  const provenance = () => readProvenance({ config, environment, engine }, context)
  const applied = watchApplied(engine.server, databases)
  const { name, lockTimeout } = environment
  const lost = anyLost(host, lock)
  const given = { engine, environment: name, lockTimeout, provenance, applied, lost, interrupt, stop }
  await using tools = openMigrateTools(planned.steps, {
    ...given,
    run: run.id,
    onProgress: report.progress,
  })
  const rehearsal = {
    ...{ environment, databases, interrupt, stop, report, steps: planned.steps, image: dbmateImage(config) },
    project: stateOf(config, environment.host, context.env).project,
    wish: wishOf(environment, verb.rehearse),
  }
  const perform = performWith(upKinds, { ...tools, rehearsal })
  const started = performance.now()
  const result = await execute(planned, {
    run: run.id,
    kinds: upKinds,
    perform: (step) => {
      host.verify()
      requireLock(lost)
      return perform(step)
    },
    report,
    interrupt,
    stop,
    resume: confirmed(verb.resume?.({ planned, databases }) ?? verb.command, verb.asks(environment)),
    continueOnError: verb.continueOnError,
  })
  const ms = performance.now() - started
  if (result.status === 'done')
    report.result(verb.summarize({ environment: environment.name, outcomes: result.outcomes, ms }))
  return result
}

/**
 * The body of every verb that changes databases by files: a look, host lock, question, database locks, the plan again, the loop.
 */
export const runPlanned = async (run: Run, verb: PlannedVerb, context: Context): Promise<RunResult> => {
  const { report } = run
  const { options, command } = verb
  const { lockWait } = options
  const config = configOf(options, context)
  const environment = resolveEnvironment(config, options.environment, options.db)
  const { host } = environment
  const holder = makeHolder(
    { run: run.id, command, verb: verb.verb, target: environment.name, config, host },
    context,
  )
  const about = { run, config, environment, verb }
  await using looked = await lookFirst(about, { holder, lockWait }, context)
  const { engine, databases, planned, hostLock } = looked
  const { image } = config.dbmate
  const paint = paintFor(context.stderr, options, context)
  report.note(renderHeader(verb.verb, { environment, image }, paint))
  requireAllowed(planned, confirmed(command, isGiven(verb, environment, context)))
  for (const line of [...renderMissing(databases), ...renderNotes(planned, paint)]) report.note(line)
  if (!hostLock || looked.nothingToDo) return reportNothing(run, environment, { planned, databases })
  const told = { ...planned, notes: [] }
  await askFirst({ plan: told, command, databases: [], environment, image }, verb, context)
  // Awaited here: what this function opened closes when it returns.
  const opened = { run, config, environment, engine, host: hostLock, holder, shown: planned }
  return await runLocked(opened, verb, context)
}
