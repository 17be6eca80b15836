import { appendFileSync, chmodSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError, exitCodes } from '../../errors.ts'
import { quote } from '../../model/quote.ts'
import { ownDirectories, type State } from '../../model/state.ts'
import { listOldJournals, makeGroupDirectory } from './journal.ts'

const fileIn = (directory: string): string => join(directory, 'order')

const readLines = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []

const linesBefore = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + readLines(file).length, 0)

const indexOf = (file: string, run: string): number => readLines(file).findIndex((line) => line.endsWith(run))

/** Journals of an older release get their place when they are first seen, so that what it does later is newer than that. */
const adoptOld = (state: State, file: string): string => {
  const known = new Set(readLines(file))
  const fresh = listOldJournals(state).filter((run) => !known.has(run))
  return fresh
    .sort()
    .map((run) => `${run}\n`)
    .join('')
}

/** The place of a run of an older release, which took no number: the newest of all, until this project counts again. */
export const placeOfOld = (state: State, run: string): number => {
  const [own = '', ...earlier] = ownDirectories(state).map(fileIn)
  const index = indexOf(own, run)
  return index < 0 ? Number.POSITIVE_INFINITY : linesBefore(earlier) + index + 1
}

/** The numbers of the runs that this project counted. */
export const readSequences = (state: State): ((run: string) => number | undefined) => {
  const lines = ownDirectories(state).map(fileIn).reverse().flatMap(readLines)
  const places = new Map(lines.map((run, index) => [run, index + 1]))
  return (run) => places.get(run)
}

/**
 * The number of a run in the order of its project's runs, which no clock decides; the same again for the same run. A line is
 * appended whole or not at all, so that runs side by side get a number each; what the project did under its path's id comes before.
 * @throws AppError (exit 1) when it cannot be written.
 */
export const takeSequence = (state: State, run: string): number => {
  const [own = '', ...earlier] = ownDirectories(state).map(fileIn)
  const find = (): number => indexOf(own, run)
  try {
    if (find() < 0) {
      makeGroupDirectory(state, dirname(own))
      const isNew = !existsSync(own)
      appendFileSync(own, `${adoptOld(state, own)}${run}\n`, { mode: 0o660, flush: true })
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
  return linesBefore(earlier) + find() + 1
}
