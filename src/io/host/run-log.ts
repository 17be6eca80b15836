import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as sleep } from 'node:timers/promises'
import { allDirectories, type State } from '../../model/state.ts'
import { makeGroupDirectory } from './journal.ts'

const groupWritable = 0o660
const poll = 100

const fileOf = (directory: string, run: string): string => join(directory, 'logs', `${run}.log`)

/** Where a detached run writes what it does, or wrote it; its directory is made. */
export const runLogFile = (state: State, run: string): string => {
  const places = allDirectories(state).map((directory) => fileOf(directory, run))
  makeGroupDirectory(state, join(state.directory, 'logs'))
  return places.find(existsSync) ?? fileOf(state.directory, run)
}

/** Adds lines to a run's log. A disk that takes none ends no run: they come with a later one, once there is room again. */
export const openRunLog = (file: string): ((line: string) => void) => {
  let waiting = ''
  return (line) => {
    waiting += `${line}\n`
    try {
      appendFileSync(file, waiting, { mode: groupWritable })
      waiting = ''
    } catch {
      // Half of a line may stand there.
      if (!waiting.startsWith('\n')) waiting = `\n${waiting}`
    }
  }
}

/** Bytes so far; 0 where there is none. */
export const runLogSize = (file: string): number => (existsSync(file) ? statSync(file).size : 0)

export type FollowOptions = {
  /** Bytes to skip. */
  from: number
  /** Whether whoever writes is still there: asked when there is nothing new. */
  isAlive: () => Promise<boolean>
  /** Ends it without an error. */
  signal?: AbortSignal
}

/** The lines of a log, those that are there and those that come, until nobody writes any more. */
export async function* followRunLog(
  file: string,
  { from, isAlive, signal }: FollowOptions,
): AsyncGenerator<string> {
  let at = from
  let rest = ''
  // A character may be read in two pieces.
  const decoder = new StringDecoder('utf8')
  for (let last = false; !signal?.aborted; ) {
    const bytes = existsSync(file) ? readFileSync(file).subarray(at) : Buffer.alloc(0)
    at += bytes.length
    const lines = (rest + decoder.write(bytes)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
    // Once more after the writer is gone: it may have written between the two.
    if (last) return
    last = bytes.length === 0 && !(await isAlive())
    if (!last) await sleep(poll, undefined, signal && { signal }).catch(() => {})
  }
}
