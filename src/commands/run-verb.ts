import type { ExitCode } from '../errors.ts'
import { standingFlags } from '../frame/standing-flags.ts'
import type { Context } from '../model/context.ts'
import { type Handler, runWhereItBelongs } from '../remote/route.ts'
import type { Named } from '../remote/typed.ts'
import type { StandingFlags } from '../report/to-paste.ts'
import { requireFreshBuild } from '../run/fresh-build.ts'

export type VerbTyped<T> = {
  handler: Handler<T>
  options: T
  argv: readonly string[]
  /** Told what a command that is printed needs, before anything can go wrong. */
  onFlags: (flags: StandingFlags) => void
}

/** Runs a verb as it was typed, where it belongs. @throws AppError (exit 2) when the bundle is not of the files around it. */
export const runVerb = <T>(
  { handler, options, argv, onFlags }: VerbTyped<T>,
  context: Context,
): Promise<ExitCode> => {
  onFlags(standingFlags(options as Named, context))
  if (context.root !== undefined) requireFreshBuild(context.root)
  return runWhereItBelongs(handler, { options, argv }, context)
}
