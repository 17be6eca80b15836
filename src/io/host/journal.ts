import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError, exitCodes } from '../../errors.ts'
import { makeDirectories } from '../../make-directories.ts'
import type { JournalEntry } from '../../model/journal.ts'
import { quote } from '../../model/quote.ts'
import { allDirectories, type State } from '../../model/state.ts'

const directoryOf = (state: string): string => join(state, 'journals')
const suffix = '.jsonl'
const fileOf = (directory: string, run: string): string => join(directoryOf(directory), run + suffix)
const groupWritable = 0o660
const setgid = 0o2000

/** Where the journal of a run stands; one that is not there yet would be this project's. */
export const journalFile = (state: State, run: string): string =>
  allDirectories(state)
    .map((directory) => fileOf(directory, run))
    .find(existsSync) ?? fileOf(state.directory, run)

/** For everybody who shares the state directory. */
export const makeGroupDirectory = ({ root }: State, directory: string): void => {
  if (existsSync(directory)) return
  makeDirectories(directory)
  chmodSync(directory, 0o770 | (statSync(root).mode & setgid))
}

const syncDirectory = (directory: string): void => {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/**
 * Appends a line to the journal of a run; when it returns, the line is on the disk, and so is the file's name.
 * @throws AppError (exit 1) when the disk does not take it.
 */
export const appendJournal = (state: State, run: string, line: JournalEntry): void => {
  const file = journalFile(state, run)
  const directory = dirname(file)
  try {
    makeGroupDirectory(state, directory)
    const isNew = !existsSync(file)
    // A line that a crash cut off must not swallow the next one.
    const before = !isNew && !readFileSync(file, 'utf8').endsWith('\n') ? '\n' : ''
    const handle = openSync(file, 'a', groupWritable)
    try {
      // Whatever the umask left of it: whoever may migrate may go on.
      if (isNew) fchmodSync(handle, groupWritable)
      writeSync(handle, `${before}${JSON.stringify(line)}\n`)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    if (isNew) for (const path of [directory, state.directory, state.root]) syncDirectory(path)
  } catch (cause) {
    throw new AppError(`The journal ${file} cannot be written: ${(cause as Error).message}`, {
      exitCode: exitCodes.failed,
      hint: `df -h ${directory}`,
      cause,
    })
  }
}

const parseLine = (text: string): JournalEntry[] => {
  try {
    return [JSON.parse(text)]
  } catch {
    // Cut off by a crash before it was on the disk: nothing was done after it.
    return []
  }
}

const readLines = (file: string): JournalEntry[] =>
  readFileSync(file, 'utf8').split('\n').filter(Boolean).flatMap(parseLine)

export const readJournal = (state: State, run: string): JournalEntry[] => readLines(journalFile(state, run))

/** The journals of everybody who shares the state directory, in no order: to tell whose a thing is, never to act on. */
export const readEveryJournal = ({ root }: State): JournalEntry[][] => {
  const projects = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const directories = [root, ...projects.map(({ name }) => join(root, name))]
  return directories.flatMap((directory) =>
    listReadable(directoryOf(directory)).map((run) => readLines(fileOf(directory, run))),
  )
}

/** Another project may keep its own to itself. */
const listReadable = (directory: string): string[] => {
  try {
    return listIn(directory)
  } catch {
    return []
  }
}

/** Ids of the runs of releases that knew no projects, in no order. */
export const listOldJournals = ({ root }: State): string[] => listIn(directoryOf(root))

/** Ids of the runs that have a journal, oldest first. */
export const listJournals = (state: State): string[] =>
  [...new Set(allDirectories(state).flatMap((directory) => listIn(directoryOf(directory))))].sort()

/** What may not be looked into may hold a cutover that is half-way. */
const unreadable = (directory: string, cause: unknown): AppError =>
  new AppError(`Whether a cutover is unfinished is not known: ${(cause as Error).message}.`, {
    exitCode: exitCodes.refused,
    touched: false,
    hint: `ls -ld ${quote(dirname(directory))} ${quote(directory)}`,
    cause,
  })

const listIn = (directory: string): string[] => {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unreadable(directory, cause)
  }
}
