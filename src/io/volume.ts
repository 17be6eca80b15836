import type { ContainerInfo } from 'dockerode'
import { AppError, exitCodes } from '../errors.ts'
import { type Docker, httpStatus } from './docker.ts'

const projectLabel = 'com.docker.compose.project'
const holding = new Set(['running', 'paused', 'restarting'])

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
  return mounting.filter(({ State, Labels }) => holding.has(State) && Labels[projectLabel] !== project)
}

/**
 * Two Postgres containers on one volume both start and corrupt it without a word.
 * @throws AppError (exit 4) naming the containers that hold it.
 */
export const refuseHeldVolume = (volume: string, holders: readonly ContainerInfo[]): void => {
  if (holders.length === 0) return
  const names = holders.map(({ Names, Id }) => Names[0]?.slice(1) ?? Id.slice(0, 12)).join(', ')
  throw new AppError(`The volume ${volume} is mounted by ${names}.`, {
    exitCode: exitCodes.refused,
    details: ['A second Postgres on it would corrupt it silently. Nothing was touched.'],
    hint: `docker stop ${names.replaceAll(',', '')}`,
  })
}
