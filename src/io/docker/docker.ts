import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type Dockerode from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import type { Modem } from './dial.ts'
import type { Endpoint } from './endpoint.ts'
import { type Accompany, watchEngine } from './watch.ts'

export type Docker = Dockerode & { accompany: Accompany }

const clientOptions = ({ host, tls }: Endpoint): Dockerode.DockerOptions => {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) }
  if (host.startsWith('npipe://')) return { socketPath: host.slice('npipe://'.length) }
  const url = new URL(host.replace('tcp:', 'http:'))
  const pem = (file: string): Buffer => readFileSync(join(tls?.directory ?? '', file))
  return {
    host: url.hostname,
    port: Number(url.port) || (tls ? 2376 : 2375),
    protocol: tls ? 'https' : 'http',
    ...(tls && { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') }),
  }
}

/** A client of the engine at this endpoint, which nothing waits for without end; loaded late, dockerode alone costs 150 ms. */
export const connectDocker = async (endpoint: Endpoint): Promise<Docker> => {
  const { default: Client } = await import('dockerode')
  const client = new Client(clientOptions(endpoint))
  return Object.assign(client, { accompany: watchEngine(client.modem as unknown as Modem, endpoint.host) })
}

export const httpStatus = (error: unknown): number | undefined =>
  (error as { statusCode?: number } | undefined)?.statusCode

/** dockerode's message without its `(HTTP code 404) no such …` wrapping. */
export const dockerMessage = (error: unknown): string => {
  const { json, message } = error as { json?: { message?: string }; message?: string }
  return json?.message ?? message ?? String(error)
}

/** What dockerode accepts, and its types leave out. */
type AbortableVersion = { version: (options: { abortSignal: AbortSignal }) => Promise<{ Version: string }> }

/** Milliseconds; an engine under load takes its time, one that hangs does not answer at all. */
const answerWithin = 10_000

/** The engine's version. @throws AppError (exit 6) when no engine answers. */
export const pingDocker = async (docker: Docker, endpoint: Endpoint): Promise<string> => {
  try {
    const { version } = docker as unknown as AbortableVersion
    return (await version.call(docker, { abortSignal: AbortSignal.timeout(answerWithin) })).Version
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const denied = code === 'EACCES'
    const why =
      code === 'ABORT_ERR' ? `no answer within ${answerWithin / 1000} s` : (code ?? dockerMessage(cause))
    throw new AppError(`No Docker engine answers at ${endpoint.host}: ${why}.`, {
      exitCode: exitCodes.unreachable,
      hint: denied
        ? 'join the docker group, then log in again: sudo usermod -aG docker $USER'
        : 'start Docker, then: docker version',
      cause,
    })
  }
}
