import { AppError, exitCodes } from '../errors.ts'
import { readStack } from '../io/stack.ts'
import type { CutoverTools } from './cutover-tools.ts'

/** Seconds: a server that runs answers sooner, and one that does not is no reason to wait. */
const patience = 10

/**
 * Locks the databases wherever their server answers, so that nobody who migrates them is cut off, whatever state directory or
 * machine they come from. A server that is down or broken is a reason for a reset or an undoing, and no reason against it.
 * @throws AppError: exit 5 while another run has one of the databases, 130 or 143 interrupted.
 */
export const lockWhereAnswering = async ({
  docker,
  host,
  servers,
  interrupt,
}: Pick<CutoverTools, 'docker' | 'host' | 'servers' | 'interrupt'>): Promise<boolean> => {
  const stack = await readStack(docker.docker, host.stack.project)
  if (!stack.some(({ running }) => running)) return false
  try {
    await servers.lock(patience)
    return true
  } catch (error) {
    const isOthers = error instanceof AppError && error.exitCode === exitCodes.locked
    if (isOthers || interrupt.aborted) throw error
    await servers.leave()
    return false
  }
}
