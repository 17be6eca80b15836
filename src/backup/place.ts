import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import { usageError } from '../errors.ts'
import { isSameDisk } from '../io/docker/disk.ts'
import type { Docker } from '../io/docker/docker.ts'
import { quote } from '../model/quote.ts'
import type { State } from '../model/state.ts'

/**
 * A directory elsewhere as the place of a project's backups: in it they stand as in the state directory, so that several
 * projects can share it.
 * @throws AppError (exit 2) where it is not there: a share that is not mounted must not become a directory of this disk.
 */
export const placeAt = (state: State, root: string): State => {
  try {
    if (!statSync(root).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
    accessSync(root, constants.W_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const gone = code === 'ENOENT'
    throw usageError(
      `The directory ${root} ${gone ? 'does not exist' : `cannot be written: ${code}`}.`,
      gone ? `mount what belongs there, or: mkdir -p ${quote(root)}` : `ls -ld ${quote(root)}`,
    )
  }
  return { ...state, root, directory: join(root, state.project) }
}

/** Where Docker keeps the volumes of this machine; nothing where it does not tell. */
const dockerRoot = (docker: Docker): Promise<string | undefined> =>
  docker.info().then(
    ({ DockerRootDir }) => DockerRootDir,
    () => undefined,
  )

/** What lies on the disk of the data is lost with it. */
export const sharesDisk = async (docker: Docker, root: string): Promise<boolean> => {
  const data = await dockerRoot(docker)
  return data !== undefined && isSameDisk(root, data)
}
