import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/engine/docker.ts'
import { type Authority, makeAuthority } from '../support/postgres/certificates.ts'
import { type NativeServer, startNative } from '../support/postgres/native.ts'
import { makeNativeProject, noDocker } from '../support/postgres/native-project.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool } from '../support/tool/process.ts'
import { migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

let temporary: string
beforeAll(() => {
  temporary = mkdtempSync('/tmp/pmt-native-')
})
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

const env = (): Record<string, string | undefined> => ({ ...noDocker, TMPDIR: temporary })
const tool = (project: Project, args: string): Promise<ToolResult> => runIn(project, args, { env: env() })
const one = (database: string, sql = 'create table a (id int);'): Store => ({
  [database]: { '00001_a.sql': migration(sql, 'drop table a;') },
})

describe('encryption is as the config asks, dbmate’s sessions too', () => {
  let authority: Authority
  let secure: NativeServer
  beforeAll(async () => {
    authority = makeAuthority()
    const { cert, key } = authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
    const hba = ['local all all trust', 'hostssl all holder all cert', 'hostssl all all all scram-sha-256']
    secure = await startNative(17, {
      settings: { ssl: 'on', ssl_ca_file: 'ca.crt', log_connections: 'on' },
      files: {
        'server.crt': cert,
        'server.key': key,
        'ca.crt': authority.ca,
        'pg_hba.conf': `${hba.join('\n')}\n`,
      },
    })
    await secure.ask('postgres', 'create role holder superuser login')
  })
  afterAll(async () => {
    await secure[Symbol.asyncDispose]()
    authority[Symbol.dispose]()
  })

  it.each([
    ['127.0.0.1', 'require', undefined],
    ['localhost', 'verify-full', 'ca.pem'],
    ['127.0.0.1', 'verify-ca', 'ca.pem'],
  ])('at %s with %s', async (host, mode, ca) => {
    const database = `tls_${mode.replace('-', '_')}`
    using project = makeNativeProject(secure, {
      store: one(database),
      server: { host, tls: { mode, ...(ca && { ca }) } },
    })
    project.write('infrastructure/ca.pem', authority.ca)
    expect(await tool(project, 'up dev')).toMatchObject({ exit: 0 })
    const made = secure.log().split('\n')
    const own = made.filter((line) => line.includes('authorized') && line.includes(`database=${database} `))
    expect(own.filter((line) => line.includes(' dbmate')).length).toBeGreaterThan(0)
    expect(own.filter((line) => !line.includes('SSL enabled'))).toEqual([])
  })

  it('refuses a server that does not show what was asked for', async () => {
    using project = makeNativeProject(secure, {
      store: one('shown'),
      server: { tls: { mode: 'verify-full' } },
    })
    expect(await tool(project, 'up dev')).toMatchObject({
      exit: 6,
      stderr: expect.stringContaining('does not show itself as asked'),
    })
  })

  it('shows a certificate whose key has no second name on any disk', async () => {
    const { cert, key } = authority.issue('holder')
    using project = makeNativeProject(secure, {
      store: one('held', 'select pg_sleep(3);'),
      server: {
        host: 'localhost',
        user: 'holder',
        tls: { mode: 'verify-full', ca: 'ca.pem', cert: 'me.pem', key: 'me.key' },
      },
    })
    project.write('infrastructure/ca.pem', authority.ca)
    project.write('infrastructure/me.pem', cert)
    project.write('infrastructure/me.key', key)
    const running = startTool(['up', 'dev'], { cwd: project.directory, env: env() })
    await eventually('the file to run', () => working(secure, 'held'))
    const [work = ''] = readdirSync(temporary)
    const files = readdirSync(join(temporary, work), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    expect(files).toContain(cert)
    expect(files.filter((text) => text.includes('PRIVATE KEY'))).toEqual([])
    expect(await running.ended).toMatchObject({ exit: 0 })
    expect(readdirSync(temporary)).toEqual([])
  })
})

const working = ({ ask }: NativeServer, database: string): Promise<number | undefined> =>
  ask(
    'postgres',
    `select pid from pg_stat_activity where datname = '${database}' and query ~ 'pg_sleep' and application_name ~ ' dbmate$'`,
  ) as Promise<number | undefined>

describe('a server that goes away under the run', () => {
  let server: NativeServer
  beforeAll(async () => {
    server = await startNative(17, { settings: { restart_after_crash: 'on' } })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('by a crash: the file was rolled back, and nothing of dbmate stays', async () => {
    using project = makeNativeProject(server, {
      store: one('crashed', 'create table a (id int);\nselect pg_sleep(600);'),
      environment: {},
    })
    project.write(
      'infrastructure/migrate.yaml',
      readFileSync(join(project.directory, 'infrastructure/migrate.yaml'), 'utf8').replace(
        'wait: 0',
        'wait: 20',
      ),
    )
    const running = startTool(['up', 'dev', '--json'], { cwd: project.directory, env: env() })
    const backend = await eventually('the file to run', () => working(server, 'crashed'))
    process.kill(backend, 'SIGKILL')
    const { finished } = readEvents(await running.ended)
    expect(finished.exit).toBe(1)
    expect(await server.ask('crashed', "select to_regclass('a')::text")).toBeNull()
    expect(readdirSync(temporary)).toEqual([])
    project.migrations(one('crashed'))
    expect(await tool(project, 'up dev')).toMatchObject({ exit: 0 })
  })

  it('by an administrator who ends the session: told, and rolled back', async () => {
    using project = makeNativeProject(server, { store: one('ended', 'select pg_sleep(600);') })
    const running = startTool(['up', 'dev', '--json'], { cwd: project.directory, env: env() })
    const backend = await eventually('the file to run', () => working(server, 'ended'))
    await server.ask('postgres', `select pg_terminate_backend(${backend})`)
    const { finished } = readEvents(await running.ended)
    expect(finished.exit).toBe(1)
    expect(finished.error?.message).toContain('ended: 00001_a.sql failed')
    expect(readdirSync(temporary)).toEqual([])
  })
})

/** The server's processes, the postmaster first. */
const processesOf = ({ directory }: NativeServer): number[] => {
  const [postmaster = ''] = readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', postmaster], { encoding: 'utf8' })
  return [postmaster, ...children.trim().split(/\s+/)].map(Number)
}

it('a server that falls silent does not hold the run for ever, and what it did is settled by the next', {
  timeout: 240_000,
}, async () => {
  await using server = await startNative(17)
  using project = makeNativeProject(server, {
    store: one('silent', 'create table a (id int);\nselect pg_sleep(600);'),
  })
  const running = startTool(['up', 'dev', '--json'], { cwd: project.directory, env: env() })
  await eventually('the file to run', () => working(server, 'silent'))
  const frozen = processesOf(server)
  for (const pid of frozen) process.kill(pid, 'SIGSTOP')
  const ended = await running.ended
  for (const pid of frozen) process.kill(pid, 'SIGCONT')
  const { finished } = readEvents(ended)
  expect(finished.exit).toBe(1)
  expect(finished.error?.message).toContain('whether 00001_a.sql was applied is not known')
  expect(readdirSync(temporary)).toEqual([])
  project.migrations(one('silent'))
  const next = await tool(project, 'up dev')
  expect(next).toMatchObject({ exit: 0, stderr: expect.stringContaining('settled what a run left open') })
})

describe('what killed runs left in the temporary directory', () => {
  it('is removed by the next run against the same server, and nobody else’s is', async () => {
    await using server = await startNative(17)
    using project = makeNativeProject(server, { store: one('left', 'select pg_sleep(3);') })
    const running = startTool(['up', 'dev'], { cwd: project.directory, env: env() })
    await eventually('the file to run', () => working(server, 'left'))
    const [work = ''] = readdirSync(temporary)
    running.child.kill('SIGKILL')
    await running.ended
    const foreign = join(temporary, 'po-migrate-0123456789ab-20260101T000000-abcdef')
    mkdirSync(foreign)
    writeFileSync(join(foreign, 'file'), '')
    expect(existsSync(join(temporary, work))).toBe(true)
    project.migrations({ left: { '00002_b.sql': migration('create table b (id int);') } })
    expect(await tool(project, 'up dev')).toMatchObject({ exit: 0 })
    expect(readdirSync(temporary)).toEqual(['po-migrate-0123456789ab-20260101T000000-abcdef'])
    rmSync(foreign, { recursive: true })
  })
})
