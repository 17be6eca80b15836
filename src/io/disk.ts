import { statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'

/** Room that an ordinary user has on the disk of a path, in bytes. */
export const freeBytes = async (path: string): Promise<number> => {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}

/** Whether two paths of this machine lie on one disk; false where either cannot be looked at. */
export const isSameDisk = (one: string, other: string): boolean => {
  try {
    return statSync(one).dev === statSync(other).dev
  } catch {
    return false
  }
}
