import { readContainer, readStack, startContainers, stopContainers, waitHealthy } from '../io/docker/stack.ts'
import type { KeptContainer } from '../model/cutover.ts'
import type { Facts } from '../model/journal.ts'
import { lockWhereAnswering } from './lock-where-answering.ts'
import type { CutoverTools } from './tools.ts'

/** Milliseconds. */
export const healthyWithin = 180_000

const stopAll = async ({ docker }: CutoverTools, project: string): Promise<void> => {
  const running = (await readStack(docker.client, project)).filter((container) => container.running)
  await stopContainers(
    docker.client,
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
  const [database] = await readStack(docker.client, host.stack.project)
  return database ? { database: { id: database.id, finished: database.finished } } : {}
}

/** After a crash the database may be down, though its container is there: it starts as it is. */
export const ensureDatabase = async ({ docker, host, stop, report }: CutoverTools): Promise<void> => {
  const stack = await readStack(docker.client, host.stack.project)
  const ids = stack.map(({ id }) => id)
  await startContainers(docker.client, ids)
  await waitHealthy(docker.client, { ids, within: healthyWithin, stop, onProgress: report.progress })
}

/** What ran of a stack before the first stop: what is still there of it, and what is not. */
export const findKept = async (
  { docker, frame }: CutoverTools,
  project: string,
): Promise<{ there: KeptContainer[]; gone: KeptContainer[] }> => {
  const wanted = frame.containers.filter((container) => container.project === project)
  const found = await Promise.all(wanted.map(({ id }) => readContainer(docker.client, id)))
  return {
    there: wanted.filter((_, index) => found[index]),
    gone: wanted.filter((_, index) => !found[index]),
  }
}
