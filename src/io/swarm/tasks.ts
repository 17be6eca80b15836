import type { Docker } from '../docker/docker.ts'
import { explainSwarm } from './manager.ts'

/** What is read of one of the swarm's tasks. */
export type Task = {
  ID: string
  CreatedAt: string
  NodeID?: string
  DesiredState: string
  Status: { State: string; Err?: string; ContainerStatus?: { ContainerID?: string } }
  NetworksAttachments?: readonly {
    Network: { ID: string; Spec: { Name: string; Ingress?: boolean } }
    Addresses?: readonly string[]
  }[]
}

/** Before it runs: it is being placed, its image pulled, its container made. */
const coming = new Set([
  'new',
  'allocated',
  'pending',
  'assigned',
  'accepted',
  'preparing',
  'ready',
  'starting',
])

export const isComing = ({ Status, DesiredState }: Task): boolean =>
  coming.has(Status.State) && (DesiredState === 'running' || DesiredState === 'ready')

export const isRunning = ({ Status }: Task): boolean => Status.State === 'running'

/** It does nothing any more, and nothing will come of it. */
export const isOver = (task: Task): boolean => !isRunning(task) && !isComing(task)

/** Of a service, the newest first. */
export const listTasks = async (docker: Docker, service: string): Promise<Task[]> => {
  const found: Task[] = await docker.listTasks({ filters: { service: [service] } }).catch((error) => {
    throw explainSwarm(error, 'tell of its tasks')
  })
  return found.sort((a, b) => (a.CreatedAt < b.CreatedAt ? 1 : -1))
}

/** `preparing`, `rejected: No such image: …` */
export const describeTask = ({ Status }: Task): string =>
  [Status.State, Status.Err].filter(Boolean).join(': ')
