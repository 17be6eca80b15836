import type { GlobalOptions } from '../frame/options.ts'
import type { Engine } from '../io/engine.ts'
import type { Context } from '../model/context.ts'
import type { StepOutcome } from '../model/outcome.ts'
import type { Plan } from '../model/plan.ts'
import type { DatabaseState, Environment, Rehearsing } from '../model/types.ts'
import type { UpStep } from '../rehearsal/steps/up-kinds.ts'
import type { ShownPlan } from './plan.ts'

export type Planned = { databases: readonly DatabaseState[]; planned: Plan<UpStep> }

/** What is the verb's own in a run that plans, asks, locks, plans again and executes. */
export type PlannedVerb = {
  verb: 'up' | 'rollback'
  options: GlobalOptions & { environment: string; db: readonly string[] }
  /** The whole command line, to be typed again. */
  command: string
  /** What shows the plan as it is now, where `command` would not do. */
  look?: string
  /** What goes on from where a run stopped, where that is another command line. */
  resume?: (planned: Planned) => string
  plan: (environment: Environment, engine: Engine) => Promise<Planned>
  asks: (environment: Environment) => boolean
  /** Shows the plan even where nothing is asked. */
  alwaysShown: boolean
  /** What is asked about: `Applying this to prod`. */
  question: string
  show: (shown: ShownPlan, context: Context) => void
  summarize: (summary: { environment: string; outcomes: readonly StepOutcome[]; ms: number }) => string
  /** A failure stops its own database only. */
  continueOnError: boolean
  /** How many databases run side by side, where it was said. */
  jobs?: number | undefined
  /** Files that were applied before there was a ledger are taken in. */
  takesIn: boolean
  /** `--rehearse`, `--no-rehearse`. */
  rehearse?: Rehearsing | undefined
}

/** A command for whoever was asked, and need not be asked again. */
export const confirmed = (command: string, was: boolean): string =>
  was ? `${command} --confirm yes` : command

/** Whether the command line carries the confirmation that is asked for. */
export const isGiven = (verb: PlannedVerb, environment: Environment, { env }: Context): boolean =>
  verb.asks(environment) && (verb.options.confirm ?? env.CONFIRM) === 'yes'
