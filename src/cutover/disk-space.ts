import { cluster, tooSmall } from '../backup/disk-space.ts'
import { freeBytes, isSameDisk } from '../io/docker/disk.ts'
import { makeScratchVolume } from '../io/docker/throwaway.ts'
import { removeVolume } from '../io/docker/volume-life.ts'
import { copyName } from '../model/cutover.ts'
import type { CutoverTools } from './tools.ts'
import { ownerOf } from './tools.ts'
import { type Measured, measureVolume } from './volume-copy.ts'

export type CopySpaceOptions = Pick<CutoverTools, 'docker' | 'image' | 'run' | 'host' | 'state'>

/** Size of the host's volume, room beside it, and the rate of a copy; a volume of its own is written for it, and goes. */
export const measureHost = async (options: CopySpaceOptions): Promise<Measured> => {
  const { docker, image, run, host } = options
  const owner = ownerOf(options)
  const scratch = `${copyName(host.volume, run)}-probe`
  await makeScratchVolume(docker.client, { name: scratch, owner })
  try {
    return await measureVolume(docker.client, { image, owner, from: host.volume, scratch })
  } finally {
    await removeVolume(docker.client, scratch)
  }
}

/** @throws AppError (exit 4) when a copy of the volume does not fit, before anything was stopped for it. */
export const requireCopySpace = async (options: CopySpaceOptions): Promise<void> => {
  const { bytes, free } = await measureHost(options)
  if (free < bytes) throw tooSmall("Docker's disk", bytes, free)
}

/**
 * A copy of the volume, and for a while the largest database twice; dumps in the state directory, on the same disk maybe. A
 * dump is smaller than what it is of; how much depends on the data, so half is what is asked for.
 * @throws AppError (exit 4) when there is no room for all of it.
 */
export const checkRoom = async (
  { docker, state }: Pick<CutoverTools, 'docker' | 'state'>,
  { bytes, free, sizes }: { bytes: number; free: number; sizes: readonly number[] },
): Promise<void> => {
  const needed = bytes + Math.max(0, ...sizes) + 2 * cluster
  const dumps = sizes.reduce((sum, size) => sum + size, 0) / 2
  const { DockerRootDir } = (await docker.client.info()) as { DockerRootDir: string }
  const together = isSameDisk(state.directory, DockerRootDir)
  if (free < needed + (together ? dumps : 0))
    throw tooSmall("Docker's disk", needed + (together ? dumps : 0), free)
  const room = await freeBytes(state.directory)
  if (room < dumps) throw tooSmall(state.directory, dumps, room)
}
