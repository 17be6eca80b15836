import type { Docker } from './docker.ts'
import { labels } from './labels.ts'
import { removeContainer } from './remove-container.ts'

const suffix = '-scratch'

/**
 * Removes the scratch servers with this label that ended with the run that they belonged to: they end by themselves when it
 * dies, and one that runs is somebody's.
 */
export const removeDeadScratch = async (docker: Docker, label: string): Promise<void> => {
  const filters = { label: [label, labels.run], status: ['exited', 'dead'] }
  for (const { Id, Names } of await docker.listContainers({ all: true, filters }))
    if (Names.some((name) => name.endsWith(suffix))) await removeContainer(docker, Id).catch(() => {})
}
