import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectDocker, type Docker } from '../../src/io/docker/docker.ts'
import { resolveEndpoint } from '../../src/io/docker/endpoint.ts'
import { execSocket } from '../../src/io/docker/exec-stream.ts'
import { runShell } from '../../src/io/host/shell.ts'
import { openDirectRoute } from '../../src/io/postgres/direct-route.ts'
import { openServer } from '../../src/io/postgres/postgres.ts'
import { Secret } from '../../src/model/secret.ts'
import { startDockerProxy } from '../support/engine/docker-proxy.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project, type ProjectConfig } from '../support/tool/project.ts'
import { baseEnv, runTool, type ToolResult } from '../support/tool/tool.ts'

const password = 'the same everywhere'
const store = { owned: { '00001_a.sql': migration('create table a (id int);') } }
let mine: TestPostgres
let stranger: TestPostgres
let engine: Docker
let cache: string

beforeAll(async () => {
  ;[mine, stranger] = await Promise.all([
    startPostgres({ POSTGRES_PASSWORD: password }),
    startPostgres({ POSTGRES_PASSWORD: password }),
  ])
  engine = await connectDocker(await resolveEndpoint(baseEnv(), runShell))
})
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'pmt-cache-'))
  return () => rmSync(cache, { recursive: true })
})
afterAll(async () => {
  await mine[Symbol.asyncDispose]()
  await stranger[Symbol.asyncDispose]()
})

const project = (network: string, edit?: (config: ProjectConfig) => void): Project =>
  makeProject({ network, store, password, ...(edit && { edit }) })

const tool = (files: Project, args: string, env: Record<string, string> = {}): Promise<ToolResult> =>
  runTool(args.split(' '), {
    cwd: files.directory,
    env: { XDG_CACHE_HOME: cache, XDG_STATE_HOME: cache, ...env },
  })

/** An engine that tells this address of a container for the one it has; JSON takes the spaces. */
const moved = (from: string, to: string) =>
  startDockerProxy({
    edit: (answer) =>
      answer.replaceAll(`"IPAddress":"${from}"`, `"IPAddress":"${to}"`.padEnd(from.length + 14)),
  })

const execs = (requests: readonly string[]): number =>
  requests.filter((request) => request.endsWith('/exec')).length

/** Who is at this host and port, asked for the server of `mine`. */
const ask = async (host: string, port: number, anyAuth = false) => {
  const notes: string[] = []
  const { container, address } = mine
  const route = {
    container,
    label: mine.name,
    anyAuth,
    memory: cache,
    note: (text: string) => void notes.push(text),
  }
  await using server = openServer({
    label: mine.name,
    host,
    port,
    credentials: { user: 'postgres', password: new Secret(password) },
    applicationName: 'identity-test',
    socket: () => execSocket(engine, { container, address, port: 5432 }),
    direct: openDirectRoute(engine, route),
    wait: 2000,
    passwordHint: '',
  })
  const [row] = await server.query<{ address: string }>(
    'postgres',
    'select host(inet_server_addr()) as address',
  )
  return { address: row?.address, notes }
}

/** A listener that answers the first packet with these bytes, and keeps all it hears. */
const listen = async (answer: Buffer) => {
  let heard = ''
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write(answer))
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    [Symbol.dispose]: () => void server.close(),
  }
}

const authentication = (code: number, rest = ''): Buffer => {
  const body = Buffer.alloc(9)
  body.write('R')
  body.writeInt32BE(8 + rest.length, 1)
  body.writeInt32BE(code, 5)
  return Buffer.concat([body, Buffer.from(rest)])
}

describe('a server of the same password that answers at the address of ours', () => {
  it('is not read: Postgres is asked inside its container, with one note', async () => {
    const { address, notes } = await ask(stranger.address, 5432)
    expect(address).toBe(mine.address)
    expect(notes).toEqual([
      `another server answers at the address of ${mine.name}; Postgres is asked through docker exec instead`,
    ])
  })

  it('is not taken for ours by plan, status and lock status', async () => {
    await stranger.psql('postgres', 'create database owned')
    await stranger.psql('owned', 'create table schema_migrations (version text primary key)')
    await stranger.psql('owned', "insert into schema_migrations values ('00001')")
    using files = project(mine.network)
    await using proxy = await moved(mine.address, stranger.address)
    const status = await tool(files, 'status dev', proxy.env)
    expect(status).toMatchObject({ exit: 0, stdout: expect.stringContaining('does not exist yet') })
    expect(status.stderr).toContain(`another server answers at the address of ${mine.name}`)
    expect(await tool(files, 'plan dev --exit-code', proxy.env)).toMatchObject({ exit: 3 })
    expect(await tool(files, 'lock status dev', proxy.env)).toMatchObject({ exit: 0 })
  })

  it('with another password is not told as a wrong password of ours', async () => {
    await stranger.psql('postgres', "alter role postgres password 'another'")
    try {
      expect((await ask(stranger.address, 5432)).address).toBe(mine.address)
    } finally {
      await stranger.psql('postgres', `alter role postgres password '${password}'`)
    }
  })
})

describe('a listener at the address of ours', () => {
  it.each([
    { asks: 'the password in clear text', answer: authentication(3) },
    { asks: 'an md5 of the password', answer: authentication(5, 'salt') },
    {
      asks: 'no password',
      answer: Buffer.concat([authentication(0), Buffer.from('Z\0\0\0\x05I', 'latin1')]),
    },
  ])('that asks for $asks gets none', async ({ asks, answer }) => {
    using listener = await listen(answer)
    const { address, notes } = await ask('127.0.0.1', listener.port)
    expect(address).toBe(mine.address)
    expect(notes).toEqual([expect.stringContaining(`a server that asks for ${asks} answers at the address`)])
    expect(listener.heard()).toContain('identity-test')
    expect(listener.heard()).not.toContain(password)
    expect(listener.heard()).not.toContain('md5')
  })

  it('that says nothing, or nothing that Postgres says, is left', async () => {
    using mute = await listen(Buffer.alloc(0))
    expect((await ask('127.0.0.1', mute.port)).address).toBe(mine.address)
    using web = await listen(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect((await ask('127.0.0.1', web.port)).address).toBe(mine.address)
  })
})

describe('a server inside the container', () => {
  it.each(['trust', 'password'])(
    'that asks by %s is asked through docker exec, and directly with auth: any',
    async (method) => {
      await using open = await startPostgres({
        POSTGRES_PASSWORD: password,
        POSTGRES_HOST_AUTH_METHOD: method,
      })
      using wary = project(open.network)
      const { exit, stderr } = await tool(wary, 'up dev')
      expect({ exit, stderr }).toMatchObject({
        exit: 0,
        stderr: expect.stringContaining('through docker exec'),
      })
      expect(await open.versions('owned')).toBe('00001')
      using trusting = project(open.network, (config) => {
        config.environments.dev.auth = 'any'
      })
      const direct = await tool(trusting, 'status dev')
      expect(direct).toMatchObject({ exit: 0, stderr: '' })
    },
  )

  it('is proven once a start of its container: with nothing to do, a run pays no exec', async () => {
    using files = project(mine.network)
    await using proxy = await startDockerProxy()
    expect(await tool(files, 'up dev', proxy.env)).toMatchObject({ exit: 0 })
    const before = execs(proxy.requests())
    expect(before).toBe(1)
    expect(await tool(files, 'up dev', proxy.env)).toMatchObject({ exit: 0 })
    expect(execs(proxy.requests())).toBe(before)
  })

  it('is read again where others could have written what was remembered', async () => {
    const remembered = async () => {
      await ask(mine.address, 5432)
      const file = readdirSync(cache).find((name) => name.startsWith('servers-')) ?? ''
      return join(cache, file)
    }
    const path = await remembered()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const { State } = await engine.getContainer(mine.container).inspect()
    const forged = [
      { container: mine.container, startedAt: State.StartedAt, system: await systemOf(stranger) },
    ]
    writeFileSync(path, JSON.stringify(forged))
    chmodSync(path, 0o666)
    expect((await ask(stranger.address, 5432)).address).toBe(mine.address)
  })

  it('whose address Docker does not tell is asked through docker exec, never at localhost', async () => {
    using files = project(mine.network)
    await using proxy = await moved(mine.address, '')
    expect(await tool(files, 'up dev', proxy.env)).toMatchObject({ exit: 0 })
    expect(execs(proxy.requests())).toBeGreaterThan(0)
    expect(await mine.versions('owned')).toBe('00001')
  })

  it('is the service, not a container that compose ran once for it', async () => {
    const labels = { 'com.docker.compose.service': 'postgres', 'com.docker.compose.oneoff': 'True' }
    const once = await engine.createContainer({
      Image: 'po-migrate-test/postgres:17',
      Cmd: ['sleep', '60'],
      Labels: labels,
      HostConfig: { NetworkMode: mine.network },
    })
    await once.start()
    try {
      using files = project(mine.network)
      expect(await tool(files, 'status dev')).toMatchObject({ exit: 0 })
    } finally {
      await once.remove({ force: true })
    }
  })
})

const systemOf = (server: TestPostgres): Promise<string> =>
  server.psql('postgres', 'select system_identifier from pg_control_system()')
