import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeDirectories } from '../../make-directories.ts'

export type OutputFile = {
  /** Never throws and never waits: what a file takes no more must not end, or hold up, who writes it. */
  write: (text: string) => void
  close: () => void
}

const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_NONBLOCK } = constants
const readable = 0o666

/**
 * Opens a file to be written, its directories made; a FIFO only where somebody reads it. `onFailure` is told once, of the
 * first write that failed: after that nothing is written.
 * @throws the error of the file system when it cannot be opened.
 */
export const openOutput = (path: string, onFailure: (why: string) => void): OutputFile => {
  makeDirectories(dirname(path))
  // A FIFO without a reader answers ENXIO instead of waiting for one.
  const fd = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NONBLOCK, readable)
  let waiting = Buffer.alloc(0)
  let broken = false
  const fail = (error: unknown): void => {
    broken = true
    waiting = Buffer.alloc(0)
    onFailure((error as Error).message)
  }
  const flush = (): void => {
    try {
      while (waiting.length > 0) waiting = waiting.subarray(writeSync(fd, waiting))
    } catch (error) {
      // The reader is slow: it gets the rest with the next write.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') fail(error)
    }
  }
  return {
    write: (text) => {
      if (broken) return
      waiting = Buffer.concat([waiting, Buffer.from(text)])
      flush()
    },
    close: () => {
      if (waiting.length > 0) flush()
      if (waiting.length > 0) fail(new Error('whoever reads it is too slow'))
      try {
        closeSync(fd)
      } catch {
        // Some network disks tell only here that they are full: nothing can be done any more.
      }
    },
  }
}
