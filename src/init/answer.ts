import { AppError, exitCodes, interruptionCode } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { typeLine } from '../report/type-line.ts'
import type { Answers, Question } from './plan/facts.ts'

const yes = /^y(?:es)?$/i

const given = async (text: string, context: Context): Promise<string> => {
  const typed = await typeLine(text, context)
  if ('line' in typed) return typed.line.trim()
  const { reason } = typed
  const isSignal = reason === 'SIGINT' || reason === 'SIGTERM'
  throw new AppError(isSignal ? `Interrupted by ${reason}.` : 'There is no answer to come.', {
    exitCode: isSignal ? interruptionCode(reason) : exitCodes.refused,
    touched: false,
    hint: 'po-migrate init --yes',
  })
}

const askOne = async ({ ask, choices, suggestion }: Question, context: Context): Promise<string> => {
  const list = choices.map((choice, index) => `  ${index + 1}  ${choice}\n`).join('')
  const typed = await given(`${ask}\n${list}A number or a name [${suggestion}]: `, context)
  if (typed === '') return suggestion
  return choices[Number(typed) - 1] ?? typed
}

/** Asks one question after the other; Enter takes what is suggested. */
export const askAll = async (questions: readonly Question[], context: Context): Promise<Answers> => {
  const answers: Record<string, string> = {}
  for (const question of questions) answers[question.id] = await askOne(question, context)
  return answers
}

/** Whether to go on. */
export const agree = async (text: string, context: Context): Promise<boolean> =>
  yes.test(await given(`${text} [y/N]: `, context))
