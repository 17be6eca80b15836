import { dirname } from 'node:path'
import { readComposeVersion } from '../io/docker/compose.ts'
import type { DockerHost } from '../io/docker/host.ts'
import { hasImage } from '../io/docker/image.ts'
import { type Check, fail } from './check.ts'
import { releaseChecks } from './release.ts'

export type MachineFacts = { configFile: string; nodeVersion: string }

/** What every environment on this machine needs. */
export const machineChecks = ({ configFile, nodeVersion }: MachineFacts): Check[] => [
  { title: 'node', run: () => nodeVersion },
  { title: 'config', run: () => configFile },
  ...releaseChecks(dirname(configFile)),
]

export type DockerFacts = { host: () => Promise<DockerHost>; image: string }

/** What every environment of the docker engine needs. */
export const dockerChecks = ({ host, image }: DockerFacts): Check[] => [
  { title: 'docker', run: async () => `${(await host()).version} at ${(await host()).endpoint.host}` },
  { title: 'docker compose', needs: 'docker', run: async () => readComposeVersion(await host()) },
  {
    title: 'dbmate image',
    needs: 'docker',
    run: async () => {
      if (await hasImage((await host()).client, image)) return image
      throw fail(`${image} is not here yet (the next run pulls it)`, `docker pull ${image}`)
    },
  },
]
