import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openServer } from '../../src/io/postgres/postgres.ts'
import { Secret } from '../../src/model/secret.ts'
import { docker, eventually } from '../support/engine/docker.ts'
import { type DockerProxyOptions, startDockerProxy } from '../support/engine/docker-proxy.ts'
import { startPostgres } from '../support/postgres/postgres.ts'
import { openSession } from '../support/postgres/session.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { signalTwice, startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runTool, type ToolResult } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (database: string): Project => {
  const files = makeProject({
    network: postgres.network,
    store: { [database]: { '00001_table.sql': migration('create table things (id int);') } },
    state: 'state',
    edit: (config) => {
      config.hosts = { local: { stack: { file: 'compose.yml', project: 'waits' } } }
    },
  })
  writeFileSync(join(files.directory, 'infrastructure/compose.yml'), 'services: {db: {image: postgres}}\n')
  return files
}

type Timed = ToolResult & { took: number }

const timed = async (args: string, options: DockerProxyOptions): Promise<Timed> => {
  using files = project('waits')
  await using proxy = await startDockerProxy(options)
  const started = performance.now()
  const result = await runTool(args.split(' '), { cwd: files.directory, env: proxy.env })
  return { ...result, took: (performance.now() - started) / 1000 }
}

const onlyGreets = (request: string): boolean => !/\/(version|_ping)$/.test(request)

/** It answers what a reading asks, and none of what a run does. */
const onlyReads = (request: string): boolean =>
  request === 'POST /containers/create' || request === 'GET /containers/json'

describe('a Docker engine that answers /version and then nothing', { timeout: 180_000 }, () => {
  it.concurrent.each(['plan dev', 'status dev', 'up dev', 'backup dev'])(
    '%s is 6, within a minute, and names the engine',
    async (args) => {
      const { exit, stdout, stderr, took } = await timed(args, { silent: onlyGreets })
      expect(exit, stderr).toBe(6)
      expect(stdout + stderr).toMatch(/The Docker engine at unix:\S+ did not answer within 30 s: GET /)
      expect(stdout + stderr).toContain('docker version')
      expect(took).toBeLessThan(60)
    },
  )

  it.concurrent('start ends too: compose, which it waits for, is left when the engine shows no sign of life', async () => {
    const { exit, stderr, took } = await timed('start local', { silent: onlyGreets })
    expect(exit, stderr).toBe(1)
    expect(stderr).toMatch(/The Docker engine at unix:\S+ is gone, or went away for a moment/)
    expect(stderr).toContain('docker version, then: po-migrate start local')
    expect(took).toBeLessThan(120)
  })

  it.concurrent('doctor ends too, and says it', async () => {
    const { exit, stdout, stderr, took } = await timed('doctor dev', { silent: onlyGreets })
    expect(exit, stderr).toBe(1)
    expect(stdout + stderr).toContain('did not answer within 30 s')
    expect(took).toBeLessThan(120)
  })

  it.concurrent.each(['plan dev', 'up dev --json'])(
    '%s ends at the second signal, within 5 s, and says so',
    async (args) => {
      using files = project('waits')
      await using proxy = await startDockerProxy({ silent: onlyGreets })
      const tool = startTool(args.split(' '), { cwd: files.directory, env: proxy.env })
      await eventually('the question', () => proxy.requests().includes('GET /containers/json') || undefined)
      const asked = await signalTwice(tool, 'SIGINT')
      const ended = await tool.ended
      expect(performance.now() - asked).toBeLessThan(5000)
      expect(ended.exit, ended.stderr).toBe(130)
      if (args.includes('--json'))
        expect(readEvents(ended).finished).toMatchObject({ status: 'interrupted', exit: 130 })
      else expect(ended.stderr).toContain('ended before it was through')
    },
  )
})

describe('work that an engine does', { timeout: 240_000 }, () => {
  it.concurrent('ends with a sentence when the engine shows no life any more in the middle of it', async () => {
    let mute = false
    const silent = (request: string): boolean => {
      if (request === 'POST /containers/create') mute = true
      return mute && onlyReads(request)
    }
    const { exit, stderr, took } = await timed('up dev', { silent })
    expect(exit, stderr).toBe(6)
    expect(stderr).toMatch(
      /The Docker engine at unix:\S+ is gone, or went away for a moment: no sign of life 3 times in a row/,
    )
    expect(took).toBeLessThan(90)
  })

  it.concurrent('goes on where each answer takes three seconds: slow is not dead', async () => {
    using files = project('slowly')
    await using proxy = await startDockerProxy({ delay: 3000 })
    const ended = await runTool(['up', 'dev'], { cwd: files.directory, env: proxy.env })
    expect(ended.exit, ended.stderr).toBe(0)
    expect(await postgres.versions('slowly')).toBe('00001')
  })
})

it('a directory that cannot be made for --events or for the state is 2 at once, not a loop', async () => {
  using files = project('waits')
  const events = await runTool(['up', 'dev', '--events', '/proc/nope/x'], { cwd: files.directory })
  expect(events.exit, events.stderr).toBe(2)
  expect(events.stderr).toContain('Cannot write /proc/nope/x')
  const env = { XDG_STATE_HOME: '/proc/nope/state' }
  using own = makeProject({
    network: postgres.network,
    store: { waits: { '00001_table.sql': migration('create table things (id int);') } },
  })
  const state = await runTool(['up', 'dev'], { cwd: own.directory, env })
  expect(state.exit, state.stderr).toBe(2)
  expect(state.stderr).toMatch(/The state directory \/proc\/nope\S* does not exist/)
  expect(await docker(['ps', '-aq', '--filter', 'label=po-migrate.databases=waits'])).toBe('')
})

describe('the second signal to a verb that went to another machine', { timeout: 60_000 }, () => {
  /** An ssh that stays silent and takes no SIGTERM, as one behind a proxy command that hangs. */
  const silentSsh = (hello: string): Disposable & { directory: string } => {
    const directory = mkdtempSync(join(tmpdir(), 'pmt-ssh-'))
    const script = `#!/bin/sh\ntrap '' TERM\n: >"$(dirname "$0")/began"\n${hello}\nsleep 600\n`
    writeFileSync(join(directory, 'ssh'), script, { mode: 0o755 })
    return { directory, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) }
  }
  const hello = `echo 'on vps: commit unknown, po-migrate 0.1.0, in /srv' >&2`

  it.concurrent.each([
    ['before it answered', '', 'before local (deploy@vps) had answered'],
    ['after it had answered', hello, 'local (deploy@vps) did not answer any more'],
  ])('%s ends it within 5 s', async (_, greeting, words) => {
    using ssh = silentSsh(greeting)
    using files = makeProject({
      network: 'pmt-not-here',
      store: { waits: { '00001_table.sql': migration('create table things (id int);') } },
      edit: (config) => {
        config.hosts.local = { ssh: 'deploy@vps', machine: 'vps', directory: '/srv' }
      },
    })
    const env = { PATH: `${ssh.directory}:${process.env.PATH}` }
    const tool = startTool(['up', 'dev'], { cwd: files.directory, env })
    // The greeting, or as long as it would take.
    if (greeting) await eventually('the greeting', () => tool.stderr().includes('on vps') || undefined)
    else await eventually('ssh', () => existsSync(join(ssh.directory, 'began')) || undefined)
    const asked = await signalTwice(tool, 'SIGTERM')
    const { exit, stderr } = await tool.ended
    expect(performance.now() - asked).toBeLessThan(5000)
    expect(exit, stderr).toBe(143)
    expect(stderr).toContain(words)
  })
})

/** Postgres behind a network that from a given moment on carries nothing and closes nothing. */
const behindNetwork = async () => {
  let isCut = false
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const upstream = connect(5432, postgres.address)
    sockets.push(client, upstream)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', () => {})
      from.on('data', (chunk: Buffer) => void (isCut || to.write(chunk)))
      from.on('close', () => void (isCut || to.destroy()))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true
    },
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

const serverAt = (port: number) =>
  openServer({
    label: 'there',
    host: '127.0.0.1',
    port,
    credentials: { user: 'postgres', password: new Secret('postgres') },
    applicationName: 'waits',
    wait: 0,
    passwordHint: '',
  })

describe('a session that works without a limit', { timeout: 120_000 }, () => {
  it.concurrent('ends with a sentence when the network carries nothing any more', async () => {
    using network = await behindNetwork()
    await using server = serverAt(network.port)
    await using session = await server.session('postgres')
    const answer = session.query('select pg_sleep(600)').catch((error: Error) => error)
    await sleep(500)
    network.cut()
    expect(await answer).toMatchObject({
      exitCode: 6,
      message: 'Postgres on there cannot be reached: the connection was lost.',
    })
  })

  it.concurrent('goes on for longer than its server is asked, when all is well', async () => {
    using network = await behindNetwork()
    await using server = serverAt(network.port)
    await using session = await server.session('postgres')
    expect(await session.query("select 'slept' as it from pg_sleep(45)")).toEqual([{ it: 'slept' }])
  })
})

it('a backup whose server is frozen in the middle of a dump ends by itself, and nothing is kept', {
  timeout: 400_000,
}, async () => {
  await using frozen = await startPostgres()
  await frozen.psql('postgres', 'create database waits')
  await frozen.psql('waits', 'create table many as select 1 as n')
  using files = makeProject({
    network: frozen.network,
    store: { waits: { '00001_table.sql': migration('create table things (id int);') } },
    state: 'state',
  })
  const gate = await openSession(frozen, 'waits')
  await gate.query('begin; lock table many in access exclusive mode')
  const tool = startTool(['backup', 'dev'], { cwd: files.directory })
  const dumping =
    "select from pg_stat_activity where application_name like '% dump' and wait_event_type = 'Lock'"
  await eventually(
    'the dump',
    async () => (await frozen.psql('postgres', `select 1 where exists (${dumping})`)) === '1' || undefined,
    90_000,
  )
  // As in a frozen container, where cgroups can be frozen: every process of it stands.
  const all = (signal: string) => docker(['exec', frozen.container, 'sh', '-c', `kill -${signal} -1`])
  await docker(['kill', '--signal', 'STOP', frozen.container])
  await all('STOP')
  const since = performance.now()
  const { exit, stderr } = await tool.ended
  expect((performance.now() - since) / 1000).toBeLessThan(150)
  await all('CONT')
  await docker(['kill', '--signal', 'CONT', frozen.container])
  await gate.end()
  expect(exit, stderr).toBe(1)
  expect(stderr).toContain('no backup was kept')
  const again = await runTool(['backup', 'dev'], { cwd: files.directory })
  expect(again.exit, again.stderr).toBe(0)
})
