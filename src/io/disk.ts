import { statfs } from 'node:fs/promises'

/** Room that an ordinary user has on the disk of a path, in bytes. */
export const freeBytes = async (path: string): Promise<number> => {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}
