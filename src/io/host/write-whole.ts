import { existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeDirectories } from '../../make-directories.ts'

/**
 * Makes the directories of a file that is to be written.
 * @throws the error of the file system, also where there is a directory in its place.
 */
export const makeRoomFor = (path: string): void => {
  makeDirectories(dirname(path))
  if (existsSync(path) && statSync(path).isDirectory()) throw new Error('it is a directory')
}

/**
 * Writes a file beside its place, then moves it there: whoever reads it sees the old one or the new one, whole. A link stays
 * one; what is no ordinary file (a FIFO, a device) is written to as it is.
 * @throws the error of the file system; the old file stays.
 */
export const writeWhole = (path: string, text: string, pid: number): void => {
  const place = existsSync(path) ? realpathSync(path) : path
  if (existsSync(place) && !statSync(place).isFile()) {
    writeFileSync(place, text)
    return
  }
  const beside = `${place}.${pid}.tmp`
  try {
    writeFileSync(beside, text, { flag: 'wx' })
    renameSync(beside, place)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}
