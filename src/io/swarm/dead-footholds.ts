import type { Service } from 'dockerode'
import type { Docker } from '../docker/docker.ts'
import { labels } from '../docker/labels.ts'
import { isForeign } from '../docker/throwaway.ts'
import { explainSwarm } from './manager.ts'
import { isOver, listTasks } from './tasks.ts'

/** Milliseconds after which a service without a task is nobody's: its node was removed. */
const orphanedAfter = 600_000

const isDead = async (docker: Docker, { ID, CreatedAt }: Service): Promise<boolean> => {
  const tasks = await listTasks(docker, ID)
  if (tasks.length > 0) return tasks.every(isOver)
  return Date.now() - Date.parse(CreatedAt ?? '') > orphanedAfter
}

/**
 * Removes the services of runs of this project whose task has ended: it ends by itself when its run dies, and nothing of a run
 * that lives goes on without it.
 */
export const removeDeadFootholds = async (docker: Docker, projects: readonly string[]): Promise<string[]> => {
  const made = await docker.listServices({ filters: { label: [labels.run] } }).catch((error) => {
    throw explainSwarm(error, 'tell of its services')
  })
  const removed: string[] = []
  for (const service of made) {
    const { Spec, ID } = service
    if (isForeign(Spec?.Labels, projects) || !(await isDead(docker, service))) continue
    await docker
      .getService(ID)
      .remove()
      .catch(() => {})
    removed.push(Spec?.Name ?? ID)
  }
  return removed
}
