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

/** The same inside a running container; nothing where it has no `df` that tells. */
export const freeBytesIn = async (
  docker: Docker,
  { container, path }: { container: string; path: string },
): Promise<number | undefined> => {
  let output = ''
  const onOutput = async (chunk: Buffer): Promise<void> => {
    output += chunk.toString('utf8')
  }
  const command = ['df', '-kP', path]
  const ended = await runExec(docker, { container, command, onOutput }).catch(() => undefined)
  const kilobytes = Number(output.trim().split('\n').at(-1)?.split(blanks)[3])
  return ended?.exitCode === 0 && Number.isFinite(kilobytes) ? kilobytes * 1024 : undefined
}
