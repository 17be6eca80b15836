import { AppError, exitCodes } from '../errors.ts'
import { startStack } from '../io/compose.ts'
import { readContainer, readStack, startContainers, stopContainers, waitHealthy } from '../io/stack.ts'
import type { KeptContainer } from '../model/cutover.ts'
import type { Stack } from '../model/types.ts'
import type { CutoverTools, StepResult } from './cutover-tools.ts'

const healthyWithin = 180_000

/** Stops whatever of a project runs. Before the database's own goes every session of this run, and its locks. */
export const stopProject = async (
  { docker, host, servers }: CutoverTools,
  project: string,
): Promise<StepResult> => {
  const isDatabase = project === host.stack.project
  if (isDatabase) await servers.leave()
  const running = (await readStack(docker.docker, project)).filter((container) => container.running)
  await stopContainers(
    docker.docker,
    running.map(({ id }) => id),
  )
  if (!isDatabase) return undefined
  const [database] = await readStack(docker.docker, project)
  return database && { database: { id: database.id, finished: database.finished } }
}

/** The stack of the database, by its compose file as it is now. */
export const startDatabase = async (
  { docker, passEnv, report }: CutoverTools,
  stack: Stack,
): Promise<undefined> => {
  await startStack(docker, { stack, passEnv, onLine: report.progress })
  return undefined
}

const present = async (tools: CutoverTools, project: string): Promise<KeptContainer[]> => {
  const wanted = tools.frame.containers.filter((container) => container.project === project)
  const found = await Promise.all(wanted.map(({ id }) => readContainer(tools.docker.docker, id)))
  const gone = wanted.filter((_, index) => !found[index])
  if (gone.length > 0)
    tools.report.note(
      `${gone.map(({ name }) => name).join(', ')} of ${project}: removed since; deploy it again`,
    )
  return wanted.filter((_, index) => found[index])
}

/**
 * Starts the same containers as before, and waits until they are healthy. One that was not healthy before is named, no more.
 * @throws AppError (exit 1) naming those that did not come back.
 */
export const startProject = async (tools: CutoverTools, project: string): Promise<undefined> => {
  const { docker, stop, report } = tools
  const wanted = await present(tools, project)
  const ids = wanted.map(({ id }) => id)
  await startContainers(docker.docker, ids)
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
