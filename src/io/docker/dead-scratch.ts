import type { Docker } from './docker.ts'
import { labels } from './labels.ts'
import { removeContainer } from './remove-container.ts'

const suffix = '-scratch'

/**
 * Removes the scratch servers that stood for this server and ended with the run that they belonged to, and what dbmate had beside
 * them: they end by themselves when it dies, a moment later, and one that runs is somebody's.
 */
export const removeDeadScratch = async (docker: Docker, server: string): Promise<void> => {
  const list = (status: string[], of: string) =>
    docker.listContainers({ all: true, filters: { label: [`${labels.server}=${of}`, labels.run], status } })
  for (const { Id, Names } of await list(['exited', 'dead'], server)) {
    if (!Names.some((name) => name.endsWith(suffix))) continue
    for (const guest of await list(['created', 'exited', 'dead'], Id))
      await removeContainer(docker, guest.Id).catch(() => {})
    await removeContainer(docker, Id).catch(() => {})
  }
}
