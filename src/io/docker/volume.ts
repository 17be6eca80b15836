import type { ContainerInfo } from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import { type Docker, httpStatus } from './docker.ts'
import { composeLabels } from './labels.ts'

const holding = new Set(['running', 'paused', 'restarting'])

const nameOf = ({ Names, Id }: ContainerInfo): string => Names[0]?.slice(1) ?? Id.slice(0, 12)

export const volumeExists = async (docker: Docker, volume: string): Promise<boolean> => {
  try {
    await docker.getVolume(volume).inspect()
    return true
  } catch (error) {
    if (httpStatus(error) === 404) return false
    throw error
  }
}

/** Live containers outside the project that mount the volume. */
export const readHolders = async (
  docker: Docker,
  volume: string,
  project: string,
): Promise<ContainerInfo[]> => {
  const mounting = await docker.listContainers({ all: true, filters: { volume: [volume] } })
  return mounting.filter(
    ({ State, Labels }) => holding.has(State) && Labels[composeLabels.project] !== project,
  )
}

/**
 * Two Postgres containers on one volume both start and corrupt it without a word.
 * @throws AppError (exit 4) naming the containers that hold it.
 */
export const refuseHeldVolume = (volume: string, holders: readonly ContainerInfo[]): void => {
  if (holders.length === 0) return
  const names = holders.map(nameOf).join(', ')
  throw new AppError(`The volume ${volume} is mounted by ${names}.`, {
    exitCode: exitCodes.refused,
    details: ['A second Postgres on it would corrupt it silently.'],
    hint: `docker stop ${names.replaceAll(',', '')}`,
  })
}

/** @throws AppError (exit 1) while any live container has the volume mounted: what is copied must not change under it. */
export const requireFree = async (docker: Docker, volume: string): Promise<void> => {
  const holders = await readHolders(docker, volume, '')
  if (holders.length === 0) return
  const names = holders.map(nameOf).join(' ')
  throw new AppError(`The volume ${volume} is in use by ${names}.`, {
    exitCode: exitCodes.failed,
    hint: `docker stop ${names}`,
  })
}

/** Containers outside the project that refer to the volume, running or not: none can be removed from under them. */
export const readReferrers = async (
  docker: Docker,
  volume: string,
  project: string,
): Promise<ContainerInfo[]> => {
  const mounting = await docker.listContainers({ all: true, filters: { volume: [volume] } })
  return mounting.filter(({ Labels }) => Labels[composeLabels.project] !== project)
}
