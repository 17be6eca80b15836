import { appendFileSync, chmodSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import { quote } from '../model/quote.ts'
import { ownDirectories, type State } from '../model/state.ts'
import { makeGroupDirectory } from './journal.ts'

const fileIn = (directory: string): string => join(directory, 'order')

const readLines = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []

/**
 * The number of a run in the order of its project's runs, which no clock decides; the same again for the same run. A line is
 * appended whole or not at all, so that runs side by side get a number each; what the project did under its path's id comes before.
 * @throws AppError (exit 1) when it cannot be written.
 */
export const takeSequence = (state: State, run: string): number => {
  const [own = '', ...earlier] = ownDirectories(state).map(fileIn)
  const before = earlier.reduce((sum, file) => sum + readLines(file).length, 0)
  const find = (): number => readLines(own).findIndex((line) => line.endsWith(run))
  try {
    if (find() < 0) {
      makeGroupDirectory(state, dirname(own))
      const isNew = !existsSync(own)
      appendFileSync(own, `${run}\n`, { mode: 0o660, flush: true })
      if (isNew) chmodSync(own, 0o660)
    }
  } catch (cause) {
    throw new AppError(`The order of runs cannot be written: ${(cause as Error).message}.`, {
      exitCode: exitCodes.failed,
      touched: false,
      hint: `ls -l ${quote(own)}; df -h ${quote(state.root)}`,
      cause,
    })
  }
  return before + find() + 1
}
