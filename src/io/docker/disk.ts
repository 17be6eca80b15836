import { statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import type { Docker } from './docker.ts'
import { runExec } from './exec.ts'

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

const blanks = /\s+/

type Place = { container: string; path: string }

/** A column of what `df` tells inside a running container, in bytes; nothing where there is none that tells. */
const askDf = async (
  docker: Docker,
  { container, path, column }: Place & { column: number },
): Promise<number | undefined> => {
  let output = ''
  const onOutput = async (chunk: Buffer): Promise<void> => {
    output += chunk.toString('utf8')
  }
  const command = ['df', '-kP', path]
  const ended = await runExec(docker, { container, command, onOutput }).catch(() => undefined)
  const kilobytes = Number(output.trim().split('\n').at(-1)?.split(blanks)[column])
  return ended?.exitCode === 0 && Number.isFinite(kilobytes) ? kilobytes * 1024 : undefined
}

/** Room on the disk of a path inside a running container, in bytes; nothing where it has no `df` that tells. */
export const freeBytesIn = (docker: Docker, place: Place): Promise<number | undefined> =>
  askDf(docker, { ...place, column: 3 })

/** Size of the shared memory that a running container has, wherever it is from. */
export const sharedMemoryIn = (docker: Docker, container: string): Promise<number | undefined> =>
  askDf(docker, { container, path: '/dev/shm', column: 1 })
