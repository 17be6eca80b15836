import type { Config } from '../config/load.ts'
import { stateOf } from '../config/state.ts'
import { AppError, amend, exitCodes } from '../errors.ts'
import type { Engine } from '../io/engine.ts'
import type { Context } from '../model/context.ts'
import { isReset } from '../model/cutover.ts'
import type { Host } from '../model/types.ts'
import type { Report } from '../report/report.ts'
import { describeUnfinished, readNewest } from './unfinished.ts'

/** Where an unfinished cutover of a host stands, or why that is not known; nothing where there is none. */
export const readHalfWay = (
  config: Config,
  host: Host,
  { env }: Context,
): ReturnType<typeof describeUnfinished> => {
  if (!host.cutover) return undefined
  try {
    return describeUnfinished(readNewest(stateOf(config, host, env), host), !isReset(host.cutover))
  } catch (error) {
    // Whoever only reads may not belong to those who may look.
    if (!(error instanceof AppError) || error.exitCode !== exitCodes.refused) throw error
    const { message, details, hint = '' } = error
    return { message, details: [...details], hint }
  }
}

/**
 * Says to whoever only reads that the host's cutover is not finished: what is read may be half-made, and where Postgres does
 * not run, starting it would be wrong, since its volume may be empty.
 */
export const tellHalfWay = async (
  halfWay: ReturnType<typeof readHalfWay>,
  report: Report,
  connect: () => Promise<Engine>,
): Promise<Engine> => {
  if (!halfWay) return connect()
  const { message, details, hint } = halfWay
  const engine = await connect().catch((error) => {
    throw error instanceof AppError && error.exitCode === exitCodes.unreachable
      ? amend(error, { details: [...error.details, message, ...details], hint })
      : error
  })
  report.note([message, ...details].join(' '))
  report.note(hint)
  return engine
}
