import { AppError, exitCodes, interruptionCode } from '../errors.ts'
import type { Context, InterruptReason } from '../model/context.ts'
import { typeLine } from './type-line.ts'

export type Question = {
  /** What will happen, one line. */
  about: string
  /** What has to be given as `--confirm`, and typed where nothing else is asked for. */
  answer: string
  /** What has to be typed on a terminal instead. */
  typed?: string
  /** `--confirm`, else CONFIRM. */
  given: string | undefined
  /** The whole command that would pass. */
  command: string
}

const refuse = (message: string, { command }: Question): AppError =>
  new AppError(message, {
    exitCode: exitCodes.refused,
    hint: command,
  })

const isInterruption = (reason: unknown): reason is InterruptReason =>
  reason === 'SIGINT' || reason === 'SIGTERM'

const interrupted = (reason: unknown, { command }: Question): AppError =>
  new AppError(`Interrupted by ${reason}.`, {
    exitCode: interruptionCode(reason),
    touched: false,
    hint: command,
  })

const ask = async (question: Question, context: Context): Promise<string> => {
  const { about, answer, typed = answer } = question
  const given = await typeLine(`${about}. Type ${typed} to go on: `, context)
  if ('line' in given) return given.line
  if (!isInterruption(given.reason)) throw refuse(`${about}: not confirmed.`, question)
  throw interrupted(given.reason, question)
}

/**
 * Whether `--confirm` carries the asked-for word already; false: it can still be typed.
 * @throws AppError (exit 4) when it carries another, or nothing, and there is no terminal to ask on.
 */
export const isConfirmed = (question: Question, context: Context): boolean => {
  const { about, answer, given } = question
  if (given === answer) return true
  if (given !== undefined && given !== '')
    throw refuse(`${about} needs exactly --confirm ${answer}, not "${given}".`, question)
  if (!context.stdin.isTTY || !context.stderr.isTTY) throw refuse(`${about} needs a confirmation.`, question)
  return false
}

/**
 * Passes when `--confirm` carries exactly the asked-for word, or when it is typed on a terminal.
 * @throws AppError (exit 4) otherwise; without a terminal at once, never waiting for an answer that cannot come;
 * (exit 130, 143) interrupted while it waits.
 */
export const confirm = async (question: Question, context: Context): Promise<void> => {
  // Whoever pressed Ctrl-C while the plan was made does not mean it any more, whatever --confirm says.
  if (context.interrupt.aborted) throw interrupted(context.interrupt.reason, question)
  if (isConfirmed(question, context)) return
  const typed = await ask(question, context)
  if (typed.trim() !== (question.typed ?? question.answer))
    throw refuse(`${question.about}: not confirmed.`, question)
}
