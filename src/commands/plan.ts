import { loadConfig } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { type ExitCode, exitCodes } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { describePlan, type Plan } from '../model/plan.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import { planUp } from '../plan/up.ts'
import { writeDocument } from '../report/json.ts'
import { renderHeader, renderMissing, renderNothingToDo, renderPlan } from '../report/up.ts'
import { openEngine } from '../run/open-engine.ts'
import { placeOf, requireHere } from '../run/place.ts'
import { makeRunId } from '../run/run-id.ts'
import { readUpWorld } from '../run/world.ts'
import {
  databaseOption,
  environmentArgument,
  exitCodeOption,
  type GlobalOptions,
  type Program,
  paintFor,
  reportFor,
  type Wire,
} from './options.ts'

export type PlanOptions = GlobalOptions & { environment: string; db: readonly string[]; exitCode: boolean }

export type ShownPlan = {
  plan: Plan
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
  if (plan.steps.length === 0) {
    stdout.write(renderNothingToDo(environment.name, databases))
    return
  }
  stdout.write(`${renderHeader('plan', { environment, image }, paint)}\n${renderPlan(plan, paint)}`)
  if (!options.quiet) stderr.write(`${paint.symbols.next} ${command}\n`)
}

/** The command that applies what a plan for these options shows. */
export const upCommandLine = ({ environment, db }: { environment: string; db: readonly string[] }): string =>
  ['po-migrate up', environment, ...db.map((name) => `--db ${name}`)].join(' ')

export const planCommand = (program: Program, wire: Wire) =>
  program.command(
    'plan <environment>',
    'What up would do, step by step; reads only',
    (args) => exitCodeOption(databaseOption(environmentArgument(args))),
    wire(plan),
  )

/** What `up` would do, step by step; reads only. */
export const plan = async (options: PlanOptions, context: Context): Promise<ExitCode> => {
  const config = loadConfig({ file: options.config, cwd: context.cwd, env: context.env })
  const environment = resolveEnvironment(config, options.environment, options.db)
  await requireHere(
    placeOf(environment),
    { here: options.here, command: `plan ${environment.name}` },
    context,
  )
  const report = reportFor(options, context)
  await using engine = await openEngine({ config, environment, run: makeRunId(new Date()), report }, context)
  const world = await readUpWorld(environment, engine)
  const planned = planUp({ environment, ...world })
  showPlan(
    {
      plan: planned,
      command: upCommandLine(options),
      databases: world.databases,
      environment,
      image: config.dbmate.image,
    },
    options,
    context,
  )
  return options.exitCode && planned.steps.length > 0 ? exitCodes.pending : exitCodes.done
}
