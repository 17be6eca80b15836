import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { needTool } from '../support/machines/apt.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'

/** What stands in for an engine on the network: its bytes go to the real one and back. */
const answer = (client: Socket): void => {
  const path = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').slice('unix://'.length)
  const engine = connect({ path, allowHalfOpen: true })
  for (const socket of [client, engine]) socket.on('error', () => socket.destroy())
  client.pipe(engine).pipe(client)
}

const listen = async (server: Server, host: string): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return (server.address() as AddressInfo).port
}

let postgres: TestPostgres
let files: Project
let certificates: string
let plain: number
let secure: number
/** Takes a client without a certificate that it knows. */
let anybodys: number
const servers: Server[] = []

const serve = (server: Server, host = '127.0.0.1'): Promise<number> => {
  servers.push(server)
  return listen(server, host)
}

/** An authority of our own, and one certificate of it for both ends. */
const makeCertificates = async (directory: string): Promise<void> => {
  const script = `cd "$1"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca-key.pem -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj /CN=engine -keyout key.pem -out request.pem
    printf 'subjectAltName=IP:127.0.0.1,DNS:localhost' >names
    openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile names -out cert.pem`
  const { exit, stderr } = await run('sh', ['-ec', script, 'sh', directory])
  if (exit !== 0) throw new Error(stderr)
}

beforeAll(async () => {
  certificates = mkdtempSync(join(tmpdir(), 'pmt-certificates-'))
  await makeCertificates(certificates)
  const read = (file: string): Buffer => readFileSync(join(certificates, file))
  const pair = { cert: read('cert.pem'), key: read('key.pem'), ca: read('ca.pem'), requestCert: true }
  plain = await serve(createServer({ allowHalfOpen: true }, answer))
  secure = await serve(createTlsServer({ ...pair, allowHalfOpen: true }, answer))
  anybodys = await serve(createTlsServer({ ...pair, requestCert: false, allowHalfOpen: true }, answer))
  postgres = await startPostgres()
  files = makeProject({
    network: postgres.network,
    store: { addressed: { '00001_a.sql': migration('create table a (id int);') } },
  })
  chmodSync(join(files.directory, 'infrastructure/postgres.env'), 0o600)
})
afterAll(async () => {
  for (const server of servers) server.close()
  files[Symbol.dispose]()
  await postgres[Symbol.asyncDispose]()
  rmSync(certificates, { recursive: true, force: true })
})

/** As a process, whose libraries see the same variables. */
const tool = (args: string, env: Record<string, string>) =>
  startTool(args.split(' '), { cwd: files.directory, env: { DOCKER_CONTEXT: '', ...env } }).ended

describe('an engine on the network', () => {
  it.each([
    ['without a scheme', () => `127.0.0.1:${plain}`],
    ['without a host', () => `tcp://:${plain}`],
    ['in full', () => `tcp://localhost:${plain}`],
  ])('is found by a DOCKER_HOST %s, and migrated through', async (_, host) => {
    const { exit, stderr } = await tool('up dev', { DOCKER_HOST: host() })
    expect(exit, stderr).toBe(0)
    expect(await postgres.versions('addressed')).toBe('00001')
  })

  it('is found by an IPv6 address', async () => {
    const port = await serve(createServer({ allowHalfOpen: true }, answer), '::1')
    const { exit, stderr } = await tool('status dev', { DOCKER_HOST: `[::1]:${port}` })
    expect(exit, stderr).toBe(0)
  })

  it('is asked over TLS with DOCKER_TLS_VERIFY, by the tool and by compose alike', async () => {
    const env = { DOCKER_HOST: `127.0.0.1:${secure}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates }
    const { exit, stdout, stderr } = await tool('doctor dev', env)
    expect(exit, stdout + stderr).toBe(0)
    expect(stdout).toContain(`at tcp://127.0.0.1:${secure}`)
    expect(await tool('up dev', env)).toMatchObject({ exit: 0 })
  })

  it('is asked over TLS with the certificates of its context', async () => {
    const config = join(certificates, 'config')
    mkdirSync(config, { recursive: true })
    const at = (file: string): string => join(certificates, file)
    const endpoint = `host=tcp://localhost:${secure},ca=${at('ca.pem')},cert=${at('cert.pem')},key=${at('key.pem')}`
    const env = { DOCKER_CONFIG: config, DOCKER_HOST: '', DOCKER_CONTEXT: 'far' }
    await docker(['context', 'create', 'far', '--docker', endpoint], { env: { ...env, DOCKER_CONTEXT: '' } })
    const { exit, stderr } = await tool('up dev', env)
    expect(exit, stderr).toBe(0)
  })

  it('is 6 where its certificate is of no authority that is known, unless anybody will do', async () => {
    const others = mkdtempSync(join(tmpdir(), 'pmt-certificates-'))
    try {
      await makeCertificates(others)
      const env = { DOCKER_HOST: `tcp://127.0.0.1:${anybodys}`, DOCKER_CERT_PATH: others }
      const refused = await tool('up dev', { ...env, DOCKER_TLS_VERIFY: '1' })
      expect(refused.exit, refused.stderr).toBe(6)
      expect(refused.stderr).toContain(`No Docker engine answers at tcp://127.0.0.1:${anybodys}`)
      expect(await tool('up dev', { ...env, DOCKER_TLS: '1' })).toMatchObject({ exit: 0 })
    } finally {
      rmSync(others, { recursive: true, force: true })
    }
  })

  it('is 6 where TLS is asked for and no certificate is there, and names the file', async () => {
    const { exit, stderr } = await tool('up dev', {
      DOCKER_HOST: '',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: '/no',
    })
    expect(exit, stderr).toBe(6)
    expect(stderr).toContain('at tcp://localhost:2376 is to be asked over TLS')
    expect(stderr).toContain('/no/ca.pem')
    expect(stderr).toContain('DOCKER_CERT_PATH')
  })
})

describe('an engine of Podman', () => {
  it('is 6 in one sentence, before anything', async () => {
    await needTool('podman', 'podman')
    const socket = join(certificates, 'podman.sock')
    const root = ['--root', join(certificates, 'podman'), '--runroot', join(certificates, 'podman-run')]
    const service = spawn(
      'podman',
      [...root, '--storage-driver', 'vfs', 'system', 'service', '--time', '0', `unix://${socket}`],
      {
        stdio: 'ignore',
      },
    )
    try {
      await eventually('podman to listen', () => existsSync(socket) || undefined)
      const { exit, stderr } = await tool('up dev', { DOCKER_HOST: `unix://${socket}` })
      expect(exit, stderr).toBe(6)
      expect(stderr).toContain(`The engine at unix://${socket} is Podman, which this tool does not drive.`)
      expect(stderr).toContain('Nothing was touched.')
      expect((await tool('doctor dev', { DOCKER_HOST: `unix://${socket}` })).stdout).toContain('is Podman')
    } finally {
      service.kill('SIGTERM')
    }
  })
})
