import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import type { JournalEntry } from '../model/journal.ts'

const directoryOf = (state: string): string => join(state, 'journals')
const suffix = '.jsonl'
const groupWritable = 0o660
const groupDirectory = 0o2770

export const journalFile = (state: string, run: string): string => join(directoryOf(state), run + suffix)

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
export const appendJournal = (state: string, run: string, line: JournalEntry): void => {
  const directory = directoryOf(state)
  const file = journalFile(state, run)
  try {
    mkdirSync(directory, { recursive: true, mode: groupDirectory })
    const isNew = !existsSync(file)
    // A line that a crash cut off must not swallow the next one.
    const before = !isNew && !readFileSync(file, 'utf8').endsWith('\n') ? '\n' : ''
    const handle = openSync(file, 'a', groupWritable)
    try {
      writeSync(handle, `${before}${JSON.stringify(line)}\n`)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    if (isNew) for (const path of [directory, state]) syncDirectory(path)
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
    // Cut off by a crash, so that whoever wrote it had not gone on.
    return []
  }
}

export const readJournal = (state: string, run: string): JournalEntry[] =>
  readFileSync(journalFile(state, run), 'utf8').split('\n').filter(Boolean).flatMap(parseLine)

/** Ids of the runs that have a journal, oldest first. */
export const listJournals = (state: string): string[] => {
  const directory = directoryOf(state)
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .sort()
}
