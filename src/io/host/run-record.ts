import { chmodSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { AppError, exitCodes } from '../../errors.ts'
import { makeDirectories } from '../../make-directories.ts'
import { quote } from '../../model/quote.ts'
import { allDirectories, type State } from '../../model/state.ts'

/** What every record has; the rest is its writer's. */
type Recorded = { run: string; environment: string; startedAt: string }

const directoryOf = (state: string): string => join(state, 'runs')

const write = ({ root, directory: own }: State, record: Recorded): void => {
  const directory = directoryOf(own)
  makeDirectories(directory)
  const setgid = statSync(root).mode & 0o2000
  // The first one who writes makes it for all; only its owner may change the mode.
  if ((statSync(directory).mode & 0o770) !== 0o770) chmodSync(directory, 0o770 | setgid)
  const path = join(directory, `${record.run}.json`)
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`)
  chmodSync(`${path}.new`, 0o660)
  renameSync(`${path}.new`, path)
}

/**
 * Writes one run's record whole, over an earlier one of the same run: 0660, for everybody who shares the state.
 * @throws AppError (exit 1) when it cannot be written.
 */
export const writeRunRecord = (state: State, record: Recorded): void => {
  try {
    write(state, record)
  } catch (cause) {
    throw new AppError(`The record of this run cannot be written: ${(cause as Error).message}.`, {
      exitCode: exitCodes.failed,
      touched: false,
      hint: `ls -ld ${quote(directoryOf(state.directory))}; df -h ${quote(state.root)}`,
      cause,
    })
  }
}

const readRecord = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** The records of an environment's runs, oldest first, as they stand; none where nothing was recorded. */
export const readRunRecords = (state: State, environment: string): unknown[] =>
  allDirectories(state)
    .flatMap((directory) => list(directoryOf(directory)))
    .sort((a, b) => (basename(a) < basename(b) ? -1 : 1))
    .map(readRecord)
    .filter((record) => (record as Recorded | undefined)?.environment === environment)

const list = (directory: string): string[] => {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(directory, name))
  } catch {
    return []
  }
}
