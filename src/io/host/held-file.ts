import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { basename } from 'node:path'

/** A file as a process has it open, whatever becomes of its name. */
export type HeldFile = {
  /** Whether it still stands under its name: who comes next would open this one. */
  stands: () => boolean
}

/** Nothing where it cannot be told: who asks takes that for gone. */
const identify = (path: string): string | undefined => {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

/** What a process has open under that name, removed or not; nothing where no /proc tells (macOS). */
const readOpened = (pid: number, file: string): string | undefined => {
  const directory = `/proc/${pid}/fd`
  const isIt = (fd: string): boolean =>
    [basename(file), `${basename(file)} (deleted)`].includes(basename(readlinkSync(`${directory}/${fd}`)))
  try {
    const fd = readdirSync(directory).find(isIt)
    return fd === undefined ? undefined : identify(`${directory}/${fd}`)
  } catch {
    return undefined
  }
}

/** The file of that path that process `pid` has open. */
export const readHeldFile = (pid: number, file: string): HeldFile => {
  const held = readOpened(pid, file) ?? identify(file)
  return { stands: () => held !== undefined && identify(file) === held }
}
