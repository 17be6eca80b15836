import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { docker, eventually, run, uniqueName } from '../support/engine/docker.ts'
import { startDockerProxy } from '../support/engine/docker-proxy.ts'

import { pgbouncerImage } from '../support/engine/images.ts'

import { makeProject, migration } from '../support/tool/project.ts'
import type { CutoverWorld } from './cutover-world.ts'
import { readContent } from './cutover-world.ts'
import { lookAt } from './look.ts'
import { stores } from './operation.ts'
import { play } from './play.ts'
import { describeSaid, type Said, say, type Tool } from './said.ts'
import type { Lane } from './sequence.ts'
import type { Site } from './site.ts'
import { insist, insistSame } from './violation.ts'
import type { World } from './world.ts'

const must = (said: Said, ...codes: number[]): Said => {
  insist(codes.includes(said.exit ?? -1), () => `the exit had to be ${codes}: ${describeSaid(said)}`)
  return said
}

const upFirst = {
  op: 'up',
  site: 'first',
  stage: 'qual',
  add: stores.map((store) => ({ store, kind: 'table' as const })),
  mend: false,
} as const

const writeMigration = (site: Site, file: string, text: string): void =>
  writeFileSync(join(site.directory, 'infrastructure/migrations/app', file), text)

const upIn = (world: World, tool: Tool = world.tool): Promise<Said> => {
  const site = world.sites.first
  return say(tool, site, { args: ['up', site.environment('qual'), '--json'] })
}

/** Whatever it says, nothing is there afterwards. */
const requireNothing = async (world: World, said: Said): Promise<void> => {
  const is = await lookAt(world.sites, world.state)
  insistSame(`what is on the server after ${describeSaid(said)}`, is.sites.first.databases, {})
}

/** The engine tells another address for a project's server; JSON takes spaces for what is shorter. */
const moved = (from: string, to: string) =>
  startDockerProxy({
    edit: (answer) =>
      answer.replaceAll(`"IPAddress":"${from}"`, `"IPAddress":"${to}"`.padEnd(from.length + 14)),
  })

const stranger = async ({ world }: Lane): Promise<void> => {
  const { first, second } = world.sites
  const isShort = first.server.address.length < second.server.address.length
  const [ours, theirs] = isShort ? [second, first] : [first, second]
  const failed = await play(world, [{ ...upFirst, site: theirs.name }])
  if (failed) throw failed.error
  for (const store of stores) ours.add(store, 'table')
  await using proxy = await moved(ours.server.address, theirs.server.address)
  const tool = { ...world.tool, env: { ...world.tool.env, ...proxy.env } }
  // dbmate goes to that address too, in the container's own network, where it is ours: this engine only says another.
  const said = must(await say(tool, ours, { args: ['plan', ours.environment('qual'), '--exit-code'] }), 3)
  insist(/create database/i.test(said.stdout), () => `it planned for another server: ${said.stdout}`)
}

const clearText = async ({ world }: Lane): Promise<void> => {
  await world.reset()
  for (const store of stores) world.sites.first.add(store, 'table')
  const address = '127.0.0.9'
  let heard = ''
  const listener = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3])))
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
    })
  })
  await new Promise<void>((resolve) => listener.listen(5432, address, resolve))
  try {
    await using proxy = await moved(world.sites.first.server.address, address)
    await upIn(world, { ...world.tool, env: { ...world.tool.env, ...proxy.env } })
  } finally {
    listener.close()
  }
  insist(heard.includes('postgres'), () => 'nobody asked at the address that the engine told')
  insist(
    !heard.includes(world.sites.first.server.password),
    () => 'a stranger got the password in clear text',
  )
}

const pooler = async ({ world }: Lane): Promise<void> => {
  await world.reset()
  const { server } = world.sites.first
  const network = uniqueName('pooler')
  const inside = (
    await docker([
      'inspect',
      '--format',
      '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}',
      world.sites.first.container,
    ])
  ).trim()
  const config = `[databases]
* = host=${server.address} port=5432 user=postgres password='${server.password}'
[pgbouncer]
listen_addr = *
listen_port = 5432
auth_type = scram-sha-256
auth_file = /tmp/users
pool_mode = transaction
default_pool_size = 1
ignore_startup_parameters = options, extra_float_digits
unix_socket_dir =
`
  const script = `printf '%s' "$CONFIG" >/tmp/pgbouncer.ini; echo '"postgres" "${server.password}"' >/tmp/users; exec pgbouncer /tmp/pgbouncer.ini`
  await docker(['network', 'create', network])
  await docker([
    'run',
    '--detach',
    '--name',
    network,
    '--network',
    inside,
    '--env',
    `CONFIG=${config}`,
    pgbouncerImage,
    'sh',
    '-c',
    script,
  ])
  try {
    await docker(['network', 'connect', '--alias', 'postgres', network, network])
    const listens = ['exec', network, 'bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/5432']
    await eventually('pgbouncer', async () => (await run('docker', listens)).exit === 0 || undefined)
    using files = makeProject({
      network,
      password: server.password,
      store: { app: { '00001_a.sql': migration('create table a (n int);') } },
    })
    const place = { directory: files.directory, days: 0, psql: world.sites.first.psql }
    const said = await say(world.tool, place, { args: ['up', 'dev', '--json'] })
    must(said, 4)
    await requireNothing(world, said)
  } finally {
    await docker(['rm', '--force', network])
    await docker(['network', 'rm', network])
  }
}

const nul = async ({ world }: Lane): Promise<void> => {
  await world.reset()
  for (const store of stores) world.sites.first.add(store, 'table')
  writeMigration(
    world.sites.first,
    '00001_it.sql',
    `${migration('create table t_00001 as select 1 as n;')}\0 drop table t_00001;\n`,
  )
  await requireNothing(world, must(await upIn(world), 2))
}

const large = async ({ world }: Lane): Promise<void> => {
  await world.reset()
  for (const store of stores) world.sites.first.add(store, 'table')
  writeMigration(
    world.sites.first,
    '00001_it.sql',
    migration(`create table t_00001 as select 1 as n;\n${'-- and so on, for ever\n'.repeat(6_000_000)}`),
  )
  const said = must(await upIn(world), 2)
  insist(
    /more than the [\d.]+ MB/.test(`${said.stdout}${said.stderr}`),
    () => `no number: ${describeSaid(said)}`,
  )
  await requireNothing(world, said)
}

const withoutFlock = async ({ world }: Lane): Promise<void> => {
  await world.reset()
  for (const store of stores) world.sites.first.add(store, 'table')
  const bin = mkdtempSync(join(world.state, '../bin-'))
  for (const name of ['docker', 'git', 'sh'])
    symlinkSync((await run('which', [name])).stdout.trim(), join(bin, name))
  const said = must(await upIn(world, { ...world.tool, env: { ...world.tool.env, PATH: bin } }), 4)
  insist(
    /util-linux/.test(`${said.stdout}${said.stderr}`),
    () => `it does not name the package: ${describeSaid(said)}`,
  )
  await requireNothing(world, said)
}

/** Where no grammar sees it: dbmate then takes the other file for applied. */
const writesVersions = async ({ world }: Lane): Promise<void> => {
  await world.reset()
  const site = world.sites.first
  for (const store of [...stores, 'app', 'app'] as const) site.add(store, 'table')
  const hidden = "do $$ begin execute 'insert into schema_' || 'migrations values (''00003'')'; end $$;"
  writeMigration(site, '00002_it.sql', migration(hidden))
  const said = await upIn(world)
  insist(said.exit === 1 || said.exit === 4, () => `00003 never ran: ${describeSaid(said)}`)
  insist(
    `${said.stdout}${said.stderr}`.includes('00003'),
    () => `it does not name 00003: ${describeSaid(said)}`,
  )
}

const other = (world: CutoverWorld): string => join(world.state, '../other-state')

/** A second state directory for the first project's volume, as another user of the machine would have it. */
const secondConfig = async (world: CutoverWorld): Promise<string> => {
  mkdirSync(other(world), { recursive: true, mode: 0o770 })
  const { directory } = world.sites.first
  await run('sed', [
    '-n',
    `s#^state: .*#state: ${other(world)}#;w ${directory}/infrastructure/other.yaml`,
    `${directory}/infrastructure/migrate.yaml`,
  ])
  return 'infrastructure/other.yaml'
}

const twoAtOnce = async ({ cutovers: world }: Lane): Promise<void> => {
  await world.reset()
  const site = world.sites.first
  const cut = (...args: string[]): Promise<Said> =>
    say(world.tool, site, { args: ['cutover', 'dev', '--json', '--lock-wait', '0', ...args] })
  must(await cut(), 0)
  await site.psql('app', "create table marks (text text); insert into marks values ('before')")
  const config = await secondConfig(world)
  // Without a server there are no locks in databases: the guard is all that keeps the two apart.
  await docker(['stop', await docker(['ps', '--quiet', '--filter', `volume=${site.volume}`])])
  const both = await Promise.all([cut(), cut('--config', config)])
  const codes = both.map(({ exit }) => exit).sort()
  insistSame(`exits of two at once: ${both.map(describeSaid).join('; ')}`, codes, [0, 5])
  const winner = both[0]?.exit === 0 ? [] : ['--config', config]
  must(await cut('--undo', ...winner), 0)
  insistSame('what the undoing brings back', (await readContent(site))?.marks, 'before')
}

/** A config that was changed to another volume. */
const otherVolume = async ({ cutovers: world }: Lane): Promise<void> => {
  await world.reset()
  const { first, second } = world.sites
  const cut = (...args: string[]): Promise<Said> =>
    say(world.tool, first, { args: ['cutover', 'dev', '--json', ...args] })
  must(await cut(), 0)
  must(await cut(), 0)
  await docker(['volume', 'create', second.volume])
  const edit = `s#${first.volume}#${second.volume}#`
  for (const file of ['migrate.yaml', 'compose.yml'])
    await run('sed', ['-i', edit, `${first.directory}/infrastructure/${file}`])
  const before = await readContent(first)
  must(await cut('--undo'), 4)
  insistSame('what is there after a refused undo', await readContent(first), before)
}

/** What no sequence of verbs alone can meet: a world that is not as it should be. */
export const special = {
  'another server at the address of ours is not read': stranger,
  'a stranger at the address of ours gets no password': clearText,
  'a pooler in place of Postgres is refused': pooler,
  'a file with a NUL is refused, whatever stands before it': nul,
  'a file that is too large is refused before anything starts': large,
  'a shared host without flock is not written to': withoutFlock,
  'a file that marks another as applied stops the run': writesVersions,
  'of two cutovers at once, from two state directories, one goes': twoAtOnce,
  'a cutover of another volume is not undone': otherVolume,
} satisfies Record<string, (lane: Lane) => Promise<void>>
