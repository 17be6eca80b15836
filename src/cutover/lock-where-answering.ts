import { AppError, exitCodes } from '../errors.ts'
import { readStack } from '../io/docker/stack.ts'
import type { CutoverTools } from './tools.ts'

/** Seconds for a server that is not healthy. One that is gets all its time: a loaded machine must not pass for a broken server. */
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
  report,
}: Pick<CutoverTools, 'docker' | 'host' | 'servers' | 'interrupt' | 'report'>): Promise<boolean> => {
  const running = (await readStack(docker.client, host.stack.project)).filter((one) => one.running)
  if (running.length === 0) return false
  const isWell = running.every(({ health }) => health === undefined || health === 'healthy')
  try {
    await servers.lock(isWell ? undefined : patience)
    return true
  } catch (error) {
    const isOthers = error instanceof AppError && error.exitCode === exitCodes.locked
    if (isOthers || interrupt.aborted) throw error
    await servers.leave()
    report.note(`the databases cannot be locked, and it goes on without: ${(error as Error).message}`)
    return false
  }
}
