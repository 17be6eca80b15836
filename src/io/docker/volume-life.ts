import { AppError, exitCodes } from '../../errors.ts'
import type { CutoverFrame, VolumeMade } from '../../model/cutover.ts'
import { compareOrder, type Ordered } from '../../model/order.ts'
import { type Docker, dockerMessage, httpStatus } from './docker.ts'
import { composeLabels, labels, labelsOf } from './labels.ts'
import { type Owner, runThrowaway } from './throwaway.ts'
import { requireFree, volumeExists } from './volume.ts'

/** `project`: absent on copies of releases that knew none. */
export type Copy = Ordered & { name: string; created: string; project: string | undefined }

/** The copies of a volume that cutovers and their undoing kept, oldest first. */
export const readCopies = async (docker: Docker, volume: string): Promise<Copy[]> => {
  const { Volumes } = await docker.listVolumes({ filters: { label: [`${labels.copyOf}=${volume}`] } })
  return (Volumes ?? [])
    .map((found) => ({
      name: found.Name,
      run: found.Labels?.[labels.run] ?? '',
      sequence: Number(found.Labels?.[labels.sequence] ?? 0),
      project: found.Labels?.[labels.project],
      created: (found as { CreatedAt?: string }).CreatedAt ?? '',
    }))
    .sort(compareOrder)
}

export type CopyOptions = Pick<CutoverFrame, 'volume' | 'run' | 'project' | 'sequence'> & { name: string }

/** An empty volume for a copy of another; one that is there already is used again. */
export const makeCopyVolume = async (
  docker: Docker,
  { name, volume, run, project, sequence }: CopyOptions,
): Promise<void> => {
  const Labels = labelsOf({ copyOf: volume, run, project, sequence })
  await docker.createVolume({ Name: name, Labels })
}

/** Removes a volume, if it is there. @throws AppError (exit 1) while a container refers to it, even a stopped one. */
export const removeVolume = async (docker: Docker, volume: string): Promise<void> => {
  try {
    await docker.getVolume(volume).remove()
  } catch (cause) {
    if (httpStatus(cause) === 404) return
    if (cause instanceof AppError) throw cause
    throw new AppError(`The volume ${volume} cannot be removed: ${dockerMessage(cause)}.`, {
      exitCode: exitCodes.failed,
      hint: `docker ps --all --filter volume=${volume}`,
      cause,
    })
  }
}

/** Stopped containers of the project that refer to the volume: Docker keeps a volume as long as one does. */
const removeStopped = async (docker: Docker, volume: string, project: string): Promise<void> => {
  const filters = { volume: [volume], label: [`${composeLabels.project}=${project}`] }
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ v: true })
}

/** How a volume was made; nothing when it is not there. */
export const readMade = async (docker: Docker, volume: string): Promise<VolumeMade | undefined> => {
  if (!(await volumeExists(docker, volume))) return undefined
  const { Driver, Options, Labels } = await docker.getVolume(volume).inspect()
  return { driver: Driver, options: Options ?? {}, labels: Labels ?? {} }
}

/** The run that emptied a volume last. */
export const wipedBy = (made: VolumeMade | undefined): string | undefined => made?.labels[labels.wipedBy]

/** Whether the volume is the empty one that this run made. */
export const isWipedBy = (made: VolumeMade | undefined, run: string): boolean => wipedBy(made) === run

const plain: VolumeMade = { driver: 'local', options: {}, labels: {} }

const make = async (
  docker: Docker,
  volume: string,
  { driver, options, labels }: VolumeMade,
): Promise<void> => {
  await docker.createVolume({
    Name: volume,
    Driver: driver,
    DriverOpts: { ...options },
    Labels: { ...labels },
  })
}

export type WipeOptions = {
  volume: string
  /** Compose project whose stopped containers refer to it. */
  stack: string
  owner: Owner
  image: string
  /** As it was before the first call, which may have died when the volume was gone. */
  made: VolumeMade | undefined
}

/**
 * Replaces a volume by an empty one of the same driver, options and labels. Docker itself refuses while a container has it.
 * Where the driver leaves the data (a bind, a network share), they are deleted from inside. A second call by the same run
 * finds its label, and does nothing.
 * @throws AppError (exit 1) while a container has it, or when it cannot be emptied.
 */
export const wipeVolume = async (
  docker: Docker,
  { volume, stack, owner, image, made }: WipeOptions,
): Promise<void> => {
  const { run } = owner
  const present = await readMade(docker, volume)
  if (isWipedBy(present, run)) return
  await requireFree(docker, volume)
  await removeStopped(docker, volume, stack)
  await removeVolume(docker, volume)
  const kind = made ?? present ?? plain
  if (Object.keys(kind.options).length > 0) await emptyNew(docker, { volume, owner, image, kind })
  await make(docker, volume, { ...kind, labels: { ...kind.labels, [labels.wipedBy]: run } })
}

/** Without the label of the wipe: should this be cut off, the next call begins again. */
const emptyNew = async (
  docker: Docker,
  { volume, owner, image, kind }: Pick<WipeOptions, 'volume' | 'owner' | 'image'> & { kind: VolumeMade },
): Promise<void> => {
  await make(docker, volume, kind)
  const mounts = [{ volume, path: '/to' }]
  const { exitCode, output } = await runThrowaway(docker, {
    owner,
    image,
    script: 'find /to -mindepth 1 -delete',
    mounts,
  })
  await removeVolume(docker, volume)
  if (exitCode === 0) return
  throw new AppError(`The volume ${volume} cannot be emptied: ${output.trim()}`, {
    exitCode: exitCodes.failed,
    hint: `docker volume inspect ${volume}`,
  })
}
