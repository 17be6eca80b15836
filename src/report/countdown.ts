import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, interruptionCode } from '../errors.ts'
import type { Context } from '../model/context.ts'

export type CountdownOptions = {
  seconds: number
  /** What happens then: `po-postgres-data is wiped`. */
  about: string
  quiet: boolean
  /** The whole command line, to type it again. */
  command: string
}

/**
 * The last chance: a line that counts down on a terminal, one line elsewhere.
 * @throws AppError (exit 130, 143) when somebody took it.
 */
export const countDown = async (
  { seconds, about, quiet, command }: CountdownOptions,
  { stderr, interrupt }: Pick<Context, 'stderr' | 'interrupt'>,
): Promise<void> => {
  const live = stderr.isTTY === true && !quiet
  const line = (left: number): string => `${about} in ${left} s; Ctrl-C keeps everything as it is`
  if (!live && !quiet && seconds > 0) stderr.write(`${line(seconds)}\n`)
  for (let left = seconds; left > 0 && !interrupt.aborted; left--) {
    if (live) stderr.write(`\r\x1b[K${line(left)}`)
    await sleep(1000, undefined, { signal: interrupt }).catch(() => {})
  }
  if (live) stderr.write('\r\x1b[K')
  if (!interrupt.aborted) return
  throw new AppError(`Interrupted by ${interrupt.reason}.`, {
    exitCode: interruptionCode(interrupt.reason),
    touched: false,
    hint: command,
  })
}
