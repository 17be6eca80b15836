import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory with those above it. Node's own `recursive` asks for ever below `/proc`, where a parent that is there
 * answers that it is not (seen with Node 20 to 24), and no signal ends that.
 * @throws the error of the file system.
 */
export const makeDirectories = (path: string, mode = 0o777): void => {
  if (existsSync(path) && statSync(path).isDirectory()) return
  if (!existsSync(dirname(path))) makeDirectories(dirname(path), mode)
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Somebody else made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
}
