import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectDocker } from '../../src/io/docker/docker.ts'
import { resolveEndpoint } from '../../src/io/docker/endpoint.ts'
import { execSocket } from '../../src/io/docker/exec-stream.ts'
import { runShell } from '../../src/io/host/shell.ts'
import { openServer } from '../../src/io/postgres/postgres.ts'
import { Secret } from '../../src/model/secret.ts'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { closeGate } from '../support/postgres/gate.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { openSession } from '../support/postgres/session.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { baseEnv, type ToolResult } from '../support/tool/tool.ts'

/** A password that would show anywhere, in any of its forms. */
const core = 'Sentinel-5e07'
const password = `${core} @:/?#%$&=+"\\ü€ end`

/** Base64 of the middle of a text, however it is aligned: the edges depend on their neighbours. */
const base64Forms = (text: string): string[] =>
  ['', 'x', 'xx'].map((before) =>
    Buffer.from(before + text)
      .toString('base64')
      .slice(4, -4),
  )

const forms = [
  password,
  core,
  encodeURIComponent(password),
  encodeURI(password),
  JSON.stringify(password).slice(1, -1),
  Buffer.from(password).toString('hex'),
  ...base64Forms(password),
  ...base64Forms(core).filter((form) => form.length > 6),
]

const leaks = (text: string): string[] => forms.filter((form) => text.includes(form))

/** Where it was found, and in which form; empty is well. */
const leaksIn = (places: Record<string, string>): string[] =>
  Object.entries(places).flatMap(([place, text]) => leaks(text).map((form) => `${place}: ${form}`))

const readQuietly = (path: string): string => {
  try {
    return readFileSync(path, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

const processIds = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name))

const parentOf = (pid: string): string =>
  /^PPid:\s+(\d+)/m.exec(readQuietly(`/proc/${pid}/status`))?.[1] ?? ''

/** A process and all that it started. */
const family = (root: string): string[] => {
  const all = processIds().map((pid) => ({ pid, parent: parentOf(pid) }))
  const members = [root]
  for (const member of members)
    members.push(...all.filter(({ parent }) => parent === member).map(({ pid }) => pid))
  return members
}

const filesBelow = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres({ POSTGRES_PASSWORD: password })
  for (const setting of ["log_statement = 'all'", 'log_connections = on', 'log_min_messages = debug1'])
    await postgres.psql('postgres', `alter system set ${setting}`)
  await postgres.psql('postgres', 'select pg_reload_conf()')
})
afterAll(() => postgres[Symbol.asyncDispose]())

/** All that the tool can write lies in the project: its home, its temporary files, its state. */
const project = (database: string, up: string): Project =>
  makeProject({
    network: postgres.network,
    password,
    store: { [database]: { '00001_a.sql': migration(up) } },
    state: 'state',
  })

const envOf = ({ directory }: Project): Record<string, string> => ({
  HOME: join(directory, 'home'),
  TMPDIR: directory,
  XDG_STATE_HOME: join(directory, 'xdg'),
})

const start = (files: Project, args: string) =>
  startTool(args.split(' '), { cwd: files.directory, env: envOf(files) })

const filesOf = ({ directory }: Project): Record<string, string> =>
  Object.fromEntries(
    filesBelow(directory)
      .filter((path) => !path.endsWith('/postgres.env'))
      .map((path) => [path, readFileSync(path, 'latin1')]),
  )

/** What the engine told of everything that happened to containers while it was watched: names, labels, the argv of execs. */
const watchEvents = () => {
  // Also what happens before the engine answers.
  const since = String(Math.floor(Date.now() / 1000))
  const args = ['events', '--since', since, '--format', '{{json .}}', '--filter', 'type=container']
  const child = spawn('docker', args, {
    env: baseEnv(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return { text: () => text, [Symbol.dispose]: () => void child.kill() }
}

describe('the search itself', () => {
  it.each([
    ['as it is', password],
    ['in a URL', `postgres://postgres:${encodeURIComponent(password)}@x/y`],
    ['in JSON', JSON.stringify({ password })],
    ['in base64', Buffer.from(`some user:${password}@host`).toString('base64')],
    ['in a password file', `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}`],
  ])('finds the password %s', (_, text) => {
    expect(leaks(text)).not.toEqual([])
  })
})

describe('the password', () => {
  it('stands nowhere while a migration runs, but in the env file, the memory of the container and the stack itself', async () => {
    using events = watchEvents()
    await using gate = await closeGate(postgres)
    using files = project('sec_run', `create table a (id int);\n${gate.sql}`)
    const tool = start(files, 'up dev --verbose')
    await gate.reached()
    const label = 'label=po-migrate.databases=sec_run'
    const id = await docker(['ps', '--quiet', '--filter', label])
    const [inspected, image, top] = await Promise.all([
      docker(['inspect', id]),
      docker(['image', 'inspect', JSON.parse(await docker(['inspect', id]))[0].Image]),
      docker(['top', id, '-eo', 'pid,args']),
    ])
    const container: string = JSON.parse(inspected)[0].State.Pid.toString()
    const tools = family(String(tool.child.pid))
    const all = processIds()
    const activity = await postgres.psql('postgres', 'select json_agg(a) from pg_stat_activity a')
    const places = {
      inspect: inspected,
      image,
      top,
      activity,
      'command lines': all.map((pid) => readQuietly(`/proc/${pid}/cmdline`)).join('\n'),
      'environment of the tool': tools.map((pid) => readQuietly(`/proc/${pid}/environ`)).join('\n'),
      'environment of dbmate': family(container)
        .map((pid) => readQuietly(`/proc/${pid}/environ`))
        .join('\n'),
    }
    expect(leaksIn({ ...places, ...filesOf(files) })).toEqual([])
    // The places were really looked at.
    expect(places['command lines']).toContain('--migrations-dir')
    expect(places['environment of the tool']).toContain(envOf(files).XDG_STATE_HOME)
    expect(tools.length).toBeGreaterThan(1)
    expect(places['environment of dbmate']).toContain('PGPASSFILE=/planned/.pgpass')
    expect(activity).toContain('po-migrate')
    expect(leaks(await docker(['exec', id, 'cat', '/planned/.pgpass']))).toContain(core)
    await gate.open()
    const { exit, stdout, stderr } = await tool.ended
    expect(exit).toBe(0)
    await eventually('the end of the container', () => events.text().includes('"destroy"') || undefined)
    expect(events.text()).toContain('po-migrate.run')
    const ledger = await postgres.psql('sec_run', 'select json_agg(l) from po_migrate.ledger l')
    expect(ledger).toContain('00001_a.sql')
    expect(leaksIn({ stdout, stderr, ledger, events: events.text(), ...filesOf(files) })).toEqual([])
  })

  it.each([
    'up dev',
    'up dev --json',
    'up dev --verbose --dry-run',
    'plan dev --json',
    'status dev',
    'status dev --json --verbose',
    'history dev',
    'history dev --json',
    'lock status dev --json',
    'doctor dev',
    'doctor dev --json --verbose',
  ])('stands in no stream of "%s", after a file failed that repeats it', async (args) => {
    const hex = Buffer.from(password)
      .toString('hex')
      .replace(/../g, (byte) => `\\x${byte}`)
    const name = `sec_${args.replace(/\W+/g, '_')}`
    const raised = `e'${hex}'`
    const echo = `do $$ begin raise exception '%', ${raised} using detail = ${raised}, hint = 'echoed'; end $$;`
    using files = project(name, echo)
    const failed: ToolResult = await start(files, 'up dev --verbose').ended
    expect(failed).toMatchObject({ exit: 1, stderr: expect.stringContaining('[redacted]') })
    const { stdout, stderr } = await start(files, args).ended
    const ledger = await postgres.psql(name, 'select json_agg(l) from po_migrate.ledger l')
    expect(ledger).toContain('[redacted]')
    expect(
      leaksIn({ first: failed.stdout + failed.stderr, stdout, stderr, ledger, ...filesOf(files) }),
    ).toEqual([])
    expect(stdout + stderr).not.toBe('')
  })

  it.each(['up dev --verbose', 'up dev --json', 'doctor dev --json'])(
    'stands in no stream of "%s" when Postgres refuses it',
    async (args) => {
      using files = project('sec_refused', 'select 1;')
      files.write('infrastructure/postgres.env', `POSTGRES_PASSWORD='${password} wrong'\n`)
      const { exit, stdout, stderr } = await start(files, args).ended
      expect(exit).toBe(args.startsWith('doctor') ? 1 : 6)
      expect(stdout + stderr).toContain('refused the password')
      expect(leaksIn({ stdout, stderr, ...filesOf(files) })).toEqual([])
    },
  )

  it('stands in no stream when it is in the query of a session that blocks a migration', async () => {
    using files = project('sec_blocked', 'create table a (id int);')
    expect(await start(files, 'up dev').ended).toMatchObject({ exit: 0 })
    files.migrations({ sec_blocked: { '00002_b.sql': migration('alter table a add b int;') } })
    await using app = await openSession(postgres, 'sec_blocked')
    await app.query(`begin; lock table a; select '${password}'`)
    const tool = start(files, 'up dev')
    await eventually('the migration to wait', async () => {
      const waiting =
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%add b int%'"
      return (await postgres.psql('postgres', waiting)) === '1' || undefined
    })
    tool.child.kill('SIGTERM')
    const { stdout, stderr } = await tool.ended
    expect(stderr).toContain('blocked by backend')
    expect(stderr).toContain('[redacted]')
    const ledger = await postgres.psql('sec_blocked', 'select json_agg(l) from po_migrate.ledger l')
    expect(leaksIn({ stdout, stderr, ledger, ...filesOf(files) })).toEqual([])
  })

  it('stands in no exec that carries a session where there is no direct route', async () => {
    using events = watchEvents()
    const engine = await connectDocker(await resolveEndpoint(baseEnv(), runShell))
    await using server = openServer({
      label: postgres.name,
      host: postgres.address,
      port: 5432,
      credentials: { user: 'postgres', password: new Secret(password) },
      applicationName: 'secrets-test',
      socket: () =>
        execSocket(engine, { container: postgres.container, address: postgres.address, port: 5432 }),
      wait: 5000,
      passwordHint: '',
    })
    expect(await server.query('postgres', 'select 1 as one')).toEqual([{ one: 1 }])
    const { ExecIDs } = await engine.getContainer(postgres.container).inspect()
    const execs = await Promise.all((ExecIDs ?? []).map((id) => engine.getExec(id).inspect()))
    const inspected = JSON.stringify(execs)
    expect(inspected).toContain('/dev/tcp/')
    await eventually('the event of the exec', () => events.text().includes('/dev/tcp/') || undefined)
    const commands = processIds().map((pid) => readQuietly(`/proc/${pid}/cmdline`))
    expect(commands.join('\n')).toContain('/dev/tcp/')
    expect(leaksIn({ inspected, events: events.text(), commands: commands.join('\n') })).toEqual([])
  })

  it('stands in no line that a run makes Postgres log', async () => {
    using files = project('sec_logged', 'create table a (id int);')
    const since = new Date().toISOString()
    const result = await start(files, 'up dev').ended
    expect(result.exit, result.stderr).toBe(0)
    const { stdout, stderr } = await run('docker', ['logs', '--since', since, postgres.container])
    const text = stdout + stderr
    expect(text).toContain('pg_try_advisory_lock')
    expect(text).toContain('create table a (id int)')
    expect(leaksIn({ log: text })).toEqual([])
  })
})
