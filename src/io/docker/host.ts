import type { Shell } from '../host/shell.ts'
import { connectDocker, type Docker, pingDocker } from './docker.ts'
import { type Endpoint, resolveEndpoint } from './endpoint.ts'

/** One Docker engine that answers: by its API, and by the docker CLI with exactly this environment. */
export type DockerHost = {
  client: Docker
  endpoint: Endpoint
  version: string
  env: Record<string, string | undefined>
  shell: Shell
}

/** @throws AppError (exit 6) when no engine answers. */
export const openDockerHost = async (env: DockerHost['env'], shell: Shell): Promise<DockerHost> => {
  const endpoint = await resolveEndpoint(env, shell)
  const docker = await connectDocker(endpoint)
  const version = await pingDocker(docker, endpoint)
  return { client: docker, endpoint, version, env, shell }
}
