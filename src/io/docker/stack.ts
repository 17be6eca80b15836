import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, exitCodes } from '../../errors.ts'
import { type Docker, dockerMessage, httpStatus } from './docker.ts'
import { composeLabels } from './labels.ts'

export type StackContainer = {
  id: string
  name: string
  project: string
  image: string
  running: boolean
  /** Absent without a health check. */
  health: string | undefined
  /** How it ended last: its exit code and when (RFC 3339); `0001-…` before its first end. */
  exitCode: number
  finished: string
}

/** A container as it is now; nothing when it is gone. */
export const readContainer = async (docker: Docker, id: string): Promise<StackContainer | undefined> => {
  try {
    const { Id, Name, Image, State, Config } = await docker.getContainer(id).inspect()
    return {
      id: Id,
      name: Name.slice(1),
      project: Config.Labels?.[composeLabels.project] ?? '',
      image: Image,
      running: State.Running,
      health: State.Health?.Status,
      exitCode: State.ExitCode,
      finished: State.FinishedAt,
    }
  } catch (error) {
    if (httpStatus(error) === 404) return undefined
    throw error
  }
}

/** Every container of a compose project, running or not, by name. */
export const readStack = async (docker: Docker, project: string): Promise<StackContainer[]> => {
  const filters = { label: [`${composeLabels.project}=${project}`] }
  const listed = await docker.listContainers({ all: true, filters })
  const read = await Promise.all(listed.map(({ Id }) => readContainer(docker, Id)))
  return read.flatMap((container) => container ?? []).sort((a, b) => (a.name < b.name ? -1 : 1))
}

const notModified = 304

/**
 * Stops containers side by side, each within its own grace period, and waits until they have ended. A container that was
 * stopped so stays down when the daemon or the machine comes back, whatever `restart:` says.
 */
export const stopContainers = async (docker: Docker, ids: readonly string[]): Promise<void> => {
  await Promise.all(
    ids.map(async (id) => {
      try {
        await docker.getContainer(id).stop()
      } catch (error) {
        if (httpStatus(error) !== notModified && httpStatus(error) !== 404) throw error
      }
    }),
  )
}

/** Starts the same containers again, by id: making them anew would need what the deployment's shell had. */
export const startContainers = async (docker: Docker, ids: readonly string[]): Promise<void> => {
  await Promise.all(
    ids.map(async (id) => {
      try {
        await docker.getContainer(id).start()
      } catch (cause) {
        if (httpStatus(cause) === notModified) return
        if (cause instanceof AppError) throw cause
        const name = (await readContainer(docker, id))?.name ?? id.slice(0, 12)
        throw new AppError(`The container ${name} does not start: ${dockerMessage(cause)}.`, {
          exitCode: exitCodes.failed,
          hint: `docker start ${name}`,
          cause,
        })
      }
    }),
  )
}

const poll = 250

export type HealthOptions = {
  ids: readonly string[]
  /** Milliseconds. */
  within: number
  stop?: AbortSignal
  onProgress: (waiting: string) => void
}

const isUp = ({ running, health }: StackContainer): boolean =>
  running && (health === undefined || health === 'healthy')

/** Milliseconds for which all that are waited for may say that they are unhealthy. */
const patience = 30_000

/** Waits until all run, and are healthy where they have a check. Answers those that are not by then. */
export const waitHealthy = async (docker: Docker, options: HealthOptions): Promise<StackContainer[]> => {
  const { ids, within, stop, onProgress } = options
  let hopeful = performance.now()
  for (const deadline = performance.now() + within; ; ) {
    const found = (await Promise.all(ids.map((id) => readContainer(docker, id)))).flatMap((one) => one ?? [])
    const waiting = found.filter((container) => !isUp(container))
    if (waiting.some(({ health }) => health !== 'unhealthy')) hopeful = performance.now()
    const isOver = performance.now() > deadline || performance.now() - hopeful > patience
    if (waiting.length === 0 || isOver || stop?.aborted) return waiting
    onProgress(`waiting for ${waiting.map(({ name }) => name).join(', ')}`)
    await sleep(poll, undefined, stop && { signal: stop }).catch(() => {})
  }
}
