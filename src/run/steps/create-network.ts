import type { DockerHost } from '../../io/docker/host.ts'
import { networkExists } from '../../io/docker/postgres-container.ts'
import type { Kind } from '../../model/kind.ts'

export type CreateNetwork = { kind: 'create-network'; network: string }

/** A network that compose takes from outside. */
export const createNetwork: Kind<CreateNetwork, { docker: DockerHost }> = {
  words: ({ network }) => [network, 'create network'],
  line: ({ network }) => `create network ${network}`,
  perform: async ({ network }, { docker: { client } }) => {
    if (!(await networkExists(client, network))) await client.createNetwork({ Name: network })
  },
}
