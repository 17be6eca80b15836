import { resolveEnvironment } from '../config/resolve.ts'
import { configOf } from '../frame/config-of.ts'
import { paintFor } from '../frame/options.ts'
import type { Run } from '../frame/run.ts'
import type { Context } from '../model/context.ts'
import { requireAllowed } from '../plan/up.ts'
import { renderAside, renderHeader, renderMissing, renderNotes } from '../report/up.ts'
import { requireRoom } from '../run/jobs.ts'
import { makeHolder } from '../run/make-holder.ts'
import type { RunResult } from '../run/run-result.ts'
import { lookFirst } from './look-first.ts'
import type { ShownPlan } from './plan.ts'
import { confirmed, isGiven, type PlannedVerb } from './planned-verb.ts'
import { reportNothing } from './report-nothing.ts'

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
  // Loaded for whoever is asked.
  const { confirm } = await import('../report/confirm.ts')
  await confirm({ about: question, answer: 'yes', given, command }, context)
}

/**
 * The body of every verb that changes databases by files: a look, host lock, question, database locks, the plan again, the loop.
 */
export const runPlanned = async (run: Run, verb: PlannedVerb, context: Context): Promise<RunResult> => {
  const { report } = run
  const { options, command } = verb
  const { lockWait } = options
  const config = configOf(options, context)
  const asked = resolveEnvironment(config, options.environment, options.db)
  requireRoom({
    given: verb.jobs,
    connections: config.connections,
    isEmbedded: asked.engine === 'embedded',
  })
  const { host } = asked
  const holder = makeHolder(
    { run: run.id, command, verb: verb.verb, target: asked.name, config, host },
    context,
  )
  const about = { run, config, environment: asked, verb }
  await using looked = await lookFirst(about, { holder, lockWait }, context)
  const { engine, environment, databases, planned, hostLock } = looked
  const { image } = config.dbmate
  const paint = paintFor(context.stderr, options, context)
  report.note(renderHeader(verb.verb, { environment, image }, paint))
  requireAllowed(planned, confirmed(command, isGiven(verb, environment, context)))
  const told = [...renderMissing(databases), ...renderNotes(planned, paint), ...renderAside(planned, paint)]
  for (const line of told) report.note(line)
  if (!hostLock || looked.nothingToDo) return reportNothing(run, environment, { planned, databases })
  const shown = { ...planned, notes: [], aside: [] }
  await askFirst({ plan: shown, command, databases: [], environment, image }, verb, context)
  const { runLocked } = await import('./locked-run.ts')
  // Awaited here: what this function opened closes when it returns.
  const opened = { run, config, environment, engine, host: hostLock, holder, shown: planned }
  return await runLocked(opened, verb, context)
}
