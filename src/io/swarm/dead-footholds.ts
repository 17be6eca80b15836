import type { Service } from 'dockerode'
import type { Docker } from '../docker/docker.ts'
import { labels } from '../docker/labels.ts'
import { removeContainer } from '../docker/remove-container.ts'
import { isForeign } from '../docker/throwaway.ts'
import { explainSwarm } from './manager.ts'
import { isOver, listTasks, type Task } from './tasks.ts'

/** Milliseconds after which a service without a task is nobody's: its node was removed. */
const orphanedAfter = 600_000

const isDead = ({ CreatedAt }: Service, tasks: readonly Task[]): boolean =>
  tasks.length > 0 ? tasks.every(isOver) : Date.now() - Date.parse(CreatedAt ?? '') > orphanedAfter

/** Its containers too, where they are here: the swarm takes its time for that. */
const remove = async (docker: Docker, { ID }: Service, here: readonly Task[]): Promise<void> => {
  await docker
    .getService(ID)
    .remove()
    .catch(() => {})
  for (const { Status } of here) {
    const container = Status.ContainerStatus?.ContainerID
    if (container) await removeContainer(docker, container).catch(() => {})
  }
}

/**
 * Removes the services of runs of this project whose task has ended: it ends by itself when its run dies, and nothing of a run
 * that lives goes on without it. `node`: the engine's own.
 */
export const removeDeadFootholds = async (
  docker: Docker,
  { projects, node }: { projects: readonly string[]; node: string },
): Promise<string[]> => {
  const made = await docker.listServices({ filters: { label: [labels.run] } }).catch((error) => {
    throw explainSwarm(error, 'tell of its services')
  })
  const removed: string[] = []
  for (const service of made) {
    const { Spec, ID } = service
    if (isForeign(Spec?.Labels, projects)) continue
    const tasks = await listTasks(docker, ID)
    if (!isDead(service, tasks)) continue
    await remove(
      docker,
      service,
      tasks.filter(({ NodeID }) => NodeID === node),
    )
    removed.push(Spec?.Name ?? ID)
  }
  return removed
}
