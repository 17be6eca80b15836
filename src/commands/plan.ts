import { type ExitCode, exitCodes } from '../errors.ts'
import {
  databaseOption,
  environmentArgument,
  exitCodeOption,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
  withoutRunFlags,
} from '../frame/options.ts'
import { standingFlags } from '../frame/standing-flags.ts'
import { withEnvironment } from '../frame/with-environment.ts'
import type { Context } from '../model/context.ts'
import { describePlan, type Plan } from '../model/plan.ts'
import { quoteAll } from '../model/quote.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import { requireSome, tellAside } from '../plan/aside.ts'
import { requireUnobstructed } from '../plan/obstacles.ts'
import { planUp } from '../plan/up.ts'
import { type UpStep, upKinds } from '../rehearsal/steps/up-kinds.ts'
import { withRehearsal } from '../rehearsal/with-rehearsal.ts'
import { writeDocument } from '../report/json.ts'
import { toPaste } from '../report/to-paste.ts'
import {
  renderAside,
  renderHeader,
  renderMissing,
  renderNotes,
  renderNothingToDo,
  renderPlan,
  renderRefusals,
  renderTotal,
} from '../report/up.ts'
import { readHalfWay } from '../run/half-way.ts'
import { readUpWorld } from '../run/world.ts'
import { type LiftOptions, liftArguments, liftedBy, liftOptions } from './lift-options.ts'
import { type RehearseOption, rehearseArguments, rehearseOption } from './rehearse-option.ts'
import { verbs } from './verbs.ts'

export type PlanOptions = GlobalOptions &
  LiftOptions &
  RehearseOption & { environment: string; db: readonly string[]; exitCode: boolean }

export type ShownPlan = {
  plan: Plan<UpStep>
  /** What would execute it. */
  command: string
  databases: readonly DatabaseState[]
  environment: Environment
  image: string
}

/** Prints a plan on stdout, as text or as the plan document. */
export const showPlan = (
  { plan, databases, environment, image, command }: ShownPlan,
  options: GlobalOptions,
  context: Context,
): void => {
  if (options.json) {
    writeDocument(context.stdout, describePlan(plan))
    return
  }
  const { stdout, stderr } = context
  const paint = paintFor(stdout, options, context)
  for (const line of renderMissing(databases)) stderr.write(`${line}\n`)
  // What is in the way is told behind it.
  if (plan.steps.length === 0 && (plan.obstacles?.length || plan.aside?.length)) return
  stdout.write(
    plan.steps.length === 0
      ? renderNothingToDo(environment.name, databases)
      : `${renderHeader('plan', { environment, image }, paint)}\n${renderPlan(plan, upKinds, paint)}${paint.dim(renderTotal(plan).trimEnd())}\n`,
  )
  if (options.quiet) return
  const told = paintFor(stderr, options, context)
  const aside = plan.aside?.length
    ? [...renderAside(plan, told), ...tellAside(plan).map((line) => `  ${line}`)]
    : []
  for (const line of [...renderNotes(plan, told), ...aside]) stderr.write(`${line}\n`)
  if (plan.refusals?.length) stderr.write(renderRefusals(plan, paint))
  else if (plan.steps.length > 0)
    stderr.write(`${paint.symbols.next} ${toPaste(command, standingFlags(options, context))}\n`)
}

/** The command that applies what a plan for these options shows. */
export const upCommandLine = (
  options: LiftOptions &
    RehearseOption & {
      environment: string
      db: readonly string[]
      continueOnError?: boolean
      jobs?: number | undefined
    },
): string =>
  quoteAll([
    ...['po-migrate', 'up', options.environment],
    ...options.db.flatMap((name) => ['--db', name]),
    ...liftArguments(options),
    ...rehearseArguments(options),
    ...(options.continueOnError ? ['--continue-on-error'] : []),
    ...(options.jobs === undefined ? [] : ['--jobs', String(options.jobs)]),
  ])

/** The command that shows what has become of a plan. */
export const planCommandLine = (
  options: LiftOptions & RehearseOption & { environment: string; db: readonly string[] },
): string =>
  upCommandLine({ ...options, continueOnError: false, jobs: undefined }).replace(
    'po-migrate up',
    'po-migrate plan',
  )

export const planCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.plan,
    (args) =>
      withoutRunFlags(exitCodeOption(rehearseOption(liftOptions(databaseOption(environmentArgument(args)))))),
    wire(plan),
  )

/** What `up` would do, step by step; reads only. */
export const plan = (options: PlanOptions, context: Context): Promise<ExitCode> =>
  withEnvironment(options, context, async ({ config, environment, engine }) => {
    const world = await readUpWorld(environment, engine)
    const { rehearse: given } = options
    const planned = await withRehearsal(planUp({ environment, ...world, lifted: liftedBy(options) }), {
      environment,
      engine,
      given,
    })
    const { databases } = world
    const { image } = config.dbmate
    showPlan(
      { plan: planned, command: upCommandLine(options), databases, environment, image },
      options,
      context,
    )
    requireUnobstructed(planned.obstacles)
    requireSome(planned)
    if (!options.exitCode) return exitCodes.done
    if (planned.refusals?.length || planned.aside?.length || readHalfWay(config, environment.host, context))
      return exitCodes.refused
    return planned.steps.length > 0 ? exitCodes.pending : exitCodes.done
  })
