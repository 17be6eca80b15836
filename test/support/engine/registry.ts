import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needTool } from '../machines/apt.ts'
import { eventually, run } from './docker.ts'

export type TestRegistry = AsyncDisposable & {
  /** `127.0.0.1:PORT`: Docker needs no TLS on loopback. */
  address: string
  /** DOCKER_CONFIG of an operator who did `docker login`, of one who did not, and of one whose password changed. */
  configs: { login: string; none: string; stale: string }
  /** Whom it lets in. */
  login: { user: string; password: string }
  /** Ends the server; its images stay until it is disposed of. */
  stop: () => Promise<void>
}

const user = 'deploy'
const password = 'p@ss:word/ü'

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })

/** Debian's docker-registry as a process of this test, with htpasswd in front unless it is open to everybody. */
export const startRegistry = async ({ open = false } = {}): Promise<TestRegistry> => {
  await needTool('docker-registry', 'docker-registry')
  await needTool('htpasswd', 'apache2-utils')
  const directory = mkdtempSync(join(tmpdir(), 'pmt-registry-'))
  const address = `127.0.0.1:${await freePort()}`
  const { stdout: entry } = await run('htpasswd', ['-niBC', '4', user], { input: `${password}\n` })
  writeFileSync(join(directory, 'htpasswd'), entry)
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, 'data') } },
    ...(!open && { auth: { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } } }),
    http: { addr: address },
  }
  writeFileSync(join(directory, 'config.yml'), JSON.stringify(config))
  const server = spawn('docker-registry', ['serve', join(directory, 'config.yml')], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  await eventually('the registry to answer', () =>
    fetch(`http://${address}/v2/`).then(
      ({ status }) => status === (open ? 200 : 401) || undefined,
      () => undefined,
    ),
  )
  const dockerConfig = (name: string, auths: object): string => {
    mkdirSync(join(directory, name))
    writeFileSync(join(directory, name, 'config.json'), JSON.stringify({ auths }))
    return join(directory, name)
  }
  const auth = (secret: string) => ({
    [address]: { auth: Buffer.from(`${user}:${secret}`).toString('base64') },
  })
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM')
    await ended
  }
  return {
    address,
    login: { user, password },
    configs: {
      login: dockerConfig('login', auth(password)),
      none: dockerConfig('none', {}),
      stale: dockerConfig('stale', auth('of last year')),
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
