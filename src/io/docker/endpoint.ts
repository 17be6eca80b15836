import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, exitCodes } from '../../errors.ts'
import type { Shell } from '../host/shell.ts'

type Variables = Record<string, string | undefined>

/** One Docker engine, for dockerode and the docker CLI alike: a DOCKER_HOST value, e.g. `unix:///var/run/docker.sock`. */
export type Endpoint = { host: string; tls?: { directory: string } }

const defaultHost = 'unix:///var/run/docker.sock'

/** Where the docker CLI keeps its config and the credentials of `docker login`. */
export const dockerConfigDirectory = (env: Variables): string =>
  env.DOCKER_CONFIG ?? join(env.HOME ?? '/', '.docker')

/** config.json of the docker CLI, or an empty object. */
export const readDockerConfig = (env: Variables): Record<string, unknown> => {
  const file = join(dockerConfigDirectory(env), 'config.json')
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new AppError(`${file} is not valid JSON: ${(cause as Error).message}`, {
      exitCode: exitCodes.unreachable,
      hint: 'repair it, then: docker version',
      cause,
    })
  }
}

const contextHost = async (env: Variables, shell: Shell): Promise<string> => {
  const context = env.DOCKER_CONTEXT ?? readDockerConfig(env).currentContext
  if (!context || context === 'default') return defaultHost
  const args = ['context', 'inspect', String(context), '--format', '{{.Endpoints.docker.Host}}']
  const { exitCode, stdout, stderr } = await shell('docker', args, { env })
  if (exitCode === 0) return stdout.trim()
  throw new AppError(`The Docker context "${context}" cannot be read: ${stderr.trim()}`, {
    exitCode: exitCodes.unreachable,
    hint: 'docker context ls',
  })
}

/**
 * Resolves the engine once, as the docker CLI would: DOCKER_HOST, DOCKER_CONTEXT, the current context, the default socket.
 * dockerode itself knows nothing of contexts.
 * @throws AppError (exit 6) for an ssh:// engine, which dockerode does not reach.
 */
export const resolveEndpoint = async (env: Variables, shell: Shell): Promise<Endpoint> => {
  const host = env.DOCKER_HOST || (await contextHost(env, shell))
  if (host.startsWith('ssh://'))
    throw new AppError(`The Docker engine is at ${host}, which this tool cannot drive over ssh.`, {
      exitCode: exitCodes.unreachable,
      hint: 'run it on that machine, or: docker context use default',
    })
  return env.DOCKER_TLS_VERIFY && env.DOCKER_CERT_PATH
    ? { host, tls: { directory: env.DOCKER_CERT_PATH } }
    : { host }
}
