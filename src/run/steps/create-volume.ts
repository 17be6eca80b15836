import type { DockerHost } from '../../io/docker/host.ts'
import type { Kind } from '../../model/kind.ts'

export type CreateVolume = { kind: 'create-volume'; volume: string }

/** A volume that compose takes from outside. */
export const createVolume: Kind<CreateVolume, { docker: DockerHost }> = {
  words: ({ volume }) => [volume, 'create volume'],
  line: ({ volume }) => `create volume ${volume}`,
  perform: async ({ volume }, { docker: { client } }) => void (await client.createVolume({ Name: volume })),
}
