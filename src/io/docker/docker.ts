import { Agent } from 'node:http'
import type Dockerode from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import type { Modem } from './dial.ts'
import type { Endpoint } from './endpoint.ts'
import { readCertificates } from './engine-tls.ts'
import { type Accompany, watchEngine } from './watch.ts'

export type Docker = Dockerode & { accompany: Accompany }

const brackets = /^\[|\]$/g
const slashes = /^\/+|\/+$/g

const clientOptions = (endpoint: Endpoint): Dockerode.DockerOptions => {
  const { host, tls } = endpoint
  // A name for TLS, given: else Node looks whether each request's host is an address, by an expression of some kilobytes.
  const local = { agent: new Agent({ servername: '' } as object) }
  if (host.startsWith('unix://')) return { ...local, socketPath: host.slice('unix://'.length) }
  if (host.startsWith('npipe://')) return { ...local, socketPath: host.slice('npipe://'.length) }
  const { hostname, port, pathname } = new URL(host)
  const prefix = pathname.replace(slashes, '')
  return {
    host: hostname.replace(brackets, ''),
    port: Number(port),
    protocol: tls ? 'https' : 'http',
    // docker-modem knows a path of its own only as a version.
    ...(prefix && { version: prefix }),
    ...readCertificates(endpoint),
  }
}

/** A client of the engine at this endpoint, which nothing waits for without end; loaded late, dockerode alone costs 150 ms. */
export const connectDocker = async (endpoint: Endpoint): Promise<Docker> => {
  const { default: Client } = await import('dockerode')
  const client = new Client(clientOptions(endpoint))
  const modem: Modem = Object.assign(client.modem as unknown as Modem, {
    rejectUnauthorized: endpoint.tls?.verify !== false,
  })
  return Object.assign(client, { accompany: watchEngine(modem, endpoint.host) })
}

export const httpStatus = (error: unknown): number | undefined =>
  (error as { statusCode?: number } | undefined)?.statusCode

/** dockerode's message without its `(HTTP code 404) no such …` wrapping. */
export const dockerMessage = (error: unknown): string => {
  const { json, message } = error as { json?: { message?: string }; message?: string }
  return json?.message ?? message ?? String(error)
}

/** What dockerode accepts, and its types leave out. */
type VersionDocument = { Version: string; Components?: readonly { Name: string }[] | null }
type AbortableVersion = { version: (options: { abortSignal: AbortSignal }) => Promise<VersionDocument> }

const podman = (host: string): AppError =>
  new AppError(`The engine at ${host} is Podman, which this tool does not drive.`, {
    exitCode: exitCodes.unreachable,
    details: ['Migrations run in containers with mounts and a network that only Docker makes.'],
    hint: 'set DOCKER_HOST to an engine of Docker, or engine: embedded in the config',
  })

/** Milliseconds; an engine under load takes its time, one that hangs does not answer at all. */
const answerWithin = 10_000

/** The engine's version. @throws AppError (exit 6) when no engine answers, or another one than Docker's. */
export const pingDocker = async (docker: Docker, endpoint: Endpoint): Promise<string> => {
  try {
    const { version } = docker as unknown as AbortableVersion
    const told = await version.call(docker, { abortSignal: AbortSignal.timeout(answerWithin) })
    if (told.Components?.some(({ Name }) => Name === 'Podman Engine')) throw podman(endpoint.host)
    return told.Version
  } catch (cause) {
    if (cause instanceof AppError) throw cause
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
