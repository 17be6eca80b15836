import { AppError, exitCodes } from '../errors.ts'
import { readServiceImage, startStack, writeImageOverride } from '../io/docker/compose.ts'
import { readImageId } from '../io/docker/image.ts'
import { readContainer, readStack, startContainers, stopContainers, waitHealthy } from '../io/docker/stack.ts'
import type { KeptContainer } from '../model/cutover.ts'
import type { Facts } from '../model/journal.ts'
import type { Stack } from '../model/types.ts'
import { lockWhereAnswering } from './lock-where-answering.ts'
import type { CutoverTools } from './tools.ts'

const healthyWithin = 180_000

const stopAll = async ({ docker }: CutoverTools, project: string): Promise<void> => {
  const running = (await readStack(docker.docker, project)).filter((container) => container.running)
  await stopContainers(
    docker.docker,
    running.map(({ id }) => id),
  )
}

/** Stops whatever of an application stack runs. */
export const stopProject = async (tools: CutoverTools, project: string): Promise<undefined> => {
  await stopAll(tools, project)
  return undefined
}

/** Stops the database, once nobody else writes to it; before it every session of this run goes, and its locks. */
export const stopDatabase = async (tools: CutoverTools): Promise<Facts> => {
  const { servers, docker, host } = tools
  await lockWhereAnswering(tools)
  await servers.leave()
  await stopAll(tools, host.stack.project)
  const [database] = await readStack(docker.docker, host.stack.project)
  return database ? { database: { id: database.id, finished: database.finished } } : {}
}

/** After a crash the database may be down, though its container is there: it starts as it is. */
export const ensureDatabase = async ({ docker, host, stop, report }: CutoverTools): Promise<void> => {
  const stack = await readStack(docker.docker, host.stack.project)
  const ids = stack.map(({ id }) => id)
  await startContainers(docker.docker, ids)
  await waitHealthy(docker.docker, { ids, within: healthyWithin, stop, onProgress: report.progress })
}

/** What came back was written by the image of that time: another major version would not start on it. */
const oldImage = async (
  { docker, passEnv, servers, frame, state }: CutoverTools,
  stack: Stack,
): Promise<string | undefined> => {
  const [first = ''] = frame.environments
  const { service } = servers.supplied(first).environment
  if (frame.fromImage === undefined) return undefined
  const image = await readServiceImage(docker, { stack, passEnv, service })
  const now = await readImageId(docker.docker, image).catch(() => undefined)
  return now === frame.fromImage
    ? undefined
    : writeImageOverride(state, frame.run, { service, image: frame.fromImage })
}

/** The stack of the database, by its compose file as it is now. */
export const startDatabase = async (tools: CutoverTools, stack: Stack): Promise<undefined> => {
  const { docker, passEnv, report, frame } = tools
  const over = frame.command === 'undo' ? await oldImage(tools, stack) : undefined
  await startStack(docker, { stack: { ...stack, ...(over && { over }) }, passEnv, onLine: report.progress })
  return undefined
}

const present = async (tools: CutoverTools): Promise<KeptContainer[]> => {
  const wanted = tools.frame.containers
  const found = await Promise.all(wanted.map(({ id }) => readContainer(tools.docker.docker, id)))
  const gone = wanted.filter((_, index) => !found[index])
  if (gone.length > 0)
    tools.report.note(`${gone.map(({ name }) => name).join(', ')} removed since; deploy them again`)
  return wanted.filter((_, index) => found[index])
}

/**
 * Starts the same containers as before, and waits until they are healthy. One that was not healthy before is named, no more.
 * @throws AppError (exit 1) naming those that did not come back.
 */
export const startProject = async (tools: CutoverTools, project: string): Promise<undefined> => {
  const { docker, stop, report } = tools
  const all = await present(tools)
  // Those of the other stacks too: their health checks take their time side by side.
  await startContainers(
    docker.docker,
    all.map(({ id }) => id),
  )
  const wanted = all.filter((container) => container.project === project)
  const ids = wanted.map(({ id }) => id)
  const waiting = await waitHealthy(docker.docker, {
    ids,
    within: healthyWithin,
    stop,
    onProgress: report.progress,
  })
  const wasHealthy = new Set(wanted.filter(({ healthy }) => healthy).map(({ id }) => id))
  const failed = waiting.filter(({ id }) => wasHealthy.has(id))
  const words = (list: typeof waiting): string =>
    list.map(({ name, running, health }) => `${name} (${running ? health : 'not running'})`).join(', ')
  if (failed.length > 0)
    throw new AppError(`${project} did not come back: ${words(failed)}.`, {
      exitCode: exitCodes.failed,
      hint: `docker logs --tail 30 ${failed[0]?.name}`,
    })
  if (waiting.length > 0) report.note(`${words(waiting)}: not healthy, and was not before either`)
  return undefined
}
