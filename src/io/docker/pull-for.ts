import type { DockerHost } from './host.ts'
import { pullImage } from './image.ts'
import { readRegistryCredentials, registryOf } from './registry-auth.ts'

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

/** Pulls an image with the operator's own `docker login`, and tells how far it is. */
export const pullFor = async (
  { client, env, shell }: DockerHost,
  reference: string,
  onProgress: (text: string) => void,
): Promise<void> => {
  const registry = registryOf(reference)
  const credentials = await readRegistryCredentials(registry, env, shell)
  await pullImage(client, {
    reference,
    registry,
    credentials,
    onProgress: ({ done, total }) => onProgress(`${megabytes(done)} of ${megabytes(total)} MB`),
  })
}
