import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, exitCodes } from '../../errors.ts'
import type { Shell } from '../host/shell.ts'
import { defaultSocket, parseDockerHost } from './docker-host.ts'
import type { EngineTls } from './engine-tls.ts'

type Variables = Record<string, string | undefined>

/** One Docker engine, for dockerode and the docker CLI alike: a DOCKER_HOST value, e.g. `unix:///var/run/docker.sock`. */
export type Endpoint = { host: string; tls?: EngineTls }

/** Where the docker CLI keeps its config and the credentials of `docker login`. */
export const dockerConfigDirectory = (env: Variables): string =>
  env.DOCKER_CONFIG || join(env.HOME ?? '/', '.docker')

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

/** Host, whether TLS goes unverified, the files of its TLS, their directory: a line each. */
const format = [
  '{{.Endpoints.docker.Host}}',
  '{{.Endpoints.docker.SkipTLSVerify}}',
  '{{json .TLSMaterial.docker}}',
  '{{.Storage.TLSPath}}',
].join('\n')

const inspectContext = async (context: string, env: Variables, shell: Shell): Promise<Endpoint> => {
  const { exitCode, stdout, stderr } = await shell(
    'docker',
    ['context', 'inspect', context, '--format', format],
    {
      env,
    },
  )
  if (exitCode !== 0)
    throw new AppError(`The Docker context "${context}" cannot be read: ${stderr.trim()}`, {
      exitCode: exitCodes.unreachable,
      hint: 'docker context ls',
    })
  const [host = '', unverified, files = 'null', directory = ''] = stdout.trim().split('\n')
  const material: string[] | null = JSON.parse(files)
  const tls = material !== null || unverified === 'true'
  return {
    host: parseDockerHost(host, tls),
    ...(tls && {
      tls: {
        directory: join(directory, 'docker'),
        files: material ?? [],
        ...(unverified === 'true' && { verify: false as const }),
      },
    }),
  }
}

/** Of the default context; DOCKER_TLS alone asks for TLS with anybody. */
const fromVariables = (env: Variables): Endpoint => {
  const { DOCKER_HOST, DOCKER_TLS, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH } = env
  const secure = !!(DOCKER_TLS || DOCKER_TLS_VERIFY)
  const host = parseDockerHost(DOCKER_HOST || (secure ? 'tcp://' : defaultSocket), secure)
  if (!(secure && host.startsWith('tcp:'))) return { host }
  const directory = DOCKER_CERT_PATH || dockerConfigDirectory(env)
  return { host, tls: { directory, ...(!DOCKER_TLS_VERIFY && { verify: false as const }) } }
}

const findEndpoint = async (env: Variables, shell: Shell): Promise<Endpoint> => {
  if (env.DOCKER_HOST) return fromVariables(env)
  const context = env.DOCKER_CONTEXT || readDockerConfig(env).currentContext
  if (!context || context === 'default') return fromVariables(env)
  return inspectContext(String(context), env, shell)
}

/**
 * Resolves the engine once, as the docker CLI would: DOCKER_HOST, DOCKER_CONTEXT, the current context, the default socket.
 * dockerode itself knows nothing of contexts.
 * @throws AppError (exit 6) for an ssh:// engine, which dockerode does not reach.
 */
export const resolveEndpoint = async (env: Variables, shell: Shell): Promise<Endpoint> => {
  const endpoint = await findEndpoint(env, shell)
  if (!endpoint.host.startsWith('ssh://')) return endpoint
  throw new AppError(`The Docker engine is at ${endpoint.host}, which this tool cannot drive over ssh.`, {
    exitCode: exitCodes.unreachable,
    hint: 'run it on that machine, or: docker context use default',
  })
}

/** The same engine for the docker CLI, which finds a context's certificates in its directory. */
export const dockerVariables = ({ host, tls }: Endpoint): Record<string, string> => ({
  DOCKER_HOST: host,
  ...(tls && {
    DOCKER_CERT_PATH: tls.directory,
    [tls.verify === false ? 'DOCKER_TLS' : 'DOCKER_TLS_VERIFY']: '1',
  }),
})
