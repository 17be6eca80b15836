import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

export type DockerProxy = AsyncDisposable & {
  /** The engine, heard through the proxy: DOCKER_HOST and DOCKER_CONTEXT. */
  env: Record<string, string>
  /** `POST /containers/create`, in order, without query and API version. */
  requests: () => string[]
}

const requestLine = /^(GET|HEAD|POST|PUT|DELETE) (?:\/v[\d.]+)?(\/[^ ?]*)\S* HTTP\/1\.1\r\n/

const connectEngine = (host: string): Socket => {
  if (host.startsWith('unix://')) return connect(host.slice('unix://'.length))
  const { hostname, port } = new URL(host.replace('tcp:', 'http:'))
  return connect(Number(port), hostname)
}

export type DockerProxyOptions = {
  /** Requests that are never answered, by `GET /containers/json`. */
  silent?: (request: string) => boolean
  /** Milliseconds before each request is passed on. */
  delay?: number
  /** Changes what the engine answers, to as many bytes. */
  edit?: (answer: string) => string
}

/** A socket before the real engine that writes down what is asked of it: proof of what a run did not do. */
export const startDockerProxy = async ({
  silent = () => false,
  delay = 0,
  edit,
}: DockerProxyOptions = {}): Promise<DockerProxy> => {
  const directory = mkdtempSync(join(tmpdir(), 'pmt-docker-'))
  const path = join(directory, 'docker.sock')
  const engine = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock'
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connectEngine(engine)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
    }
    const forward = new Transform({
      transform: async (chunk: Buffer, _, pass) => {
        const found = requestLine.exec(chunk.toString('latin1', 0, 4096))
        const request = found ? `${found[1]} ${found[2]}` : undefined
        if (request) requests.push(request)
        // Never passed on, and so never answered.
        if (request && silent(request)) return
        if (request && delay > 0) await sleep(delay)
        pass(null, chunk)
      },
    })
    const answers = new Transform({
      transform: (chunk: Buffer, _, done) =>
        done(null, edit ? Buffer.from(edit(chunk.toString('latin1')), 'latin1') : chunk),
    })
    client.pipe(forward).pipe(upstream).pipe(answers).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    env: { DOCKER_HOST: `unix://${path}`, DOCKER_CONTEXT: '' },
    requests: () => [...requests],
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
