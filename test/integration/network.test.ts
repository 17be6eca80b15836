import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { docker, eventually, uniqueName } from '../support/engine/docker.ts'
import { pgbouncerImage, postgresImage } from '../support/engine/images.ts'
import { makeProject, migration } from '../support/tool/project.ts'
import { runIn, runTool } from '../support/tool/tool.ts'

const store = { shop: { '00001_a.sql': migration('create table a (id int);') } }

let network: string
const containers: string[] = []

beforeEach(async () => {
  network = uniqueName('lan')
  await docker(['network', 'create', network])
})
afterEach(async () => {
  if (containers.length > 0) await docker(['rm', '--force', '--volumes', ...containers.splice(0)])
  await docker(['network', 'rm', network])
})

type Started = { command: string[]; options?: string[] }

const composeProject = (name: string): string[] => ['--label', `com.docker.compose.project=${name}`]

const start = async (alias: string, image: string, { command, options = [] }: Started): Promise<string> => {
  const name = uniqueName(alias)
  containers.push(name)
  const where = [
    '--network',
    network,
    '--network-alias',
    alias,
    '--label',
    `com.docker.compose.service=${alias}`,
    ...options,
  ]
  await docker([
    'run',
    '--detach',
    '--name',
    name,
    ...where,
    '--env',
    'POSTGRES_PASSWORD=postgres',
    image,
    ...command,
  ])
  return name
}

const startPostgres = async (alias: string, ...options: string[]): Promise<string> => {
  const name = await start(alias, postgresImage, { command: ['-c', 'fsync=off'], options })
  const isReady = ['exec', name, 'sh', '-c', 'pg_isready --quiet --host "$HOSTNAME" && echo ready']
  await eventually(`${alias} to answer`, () => docker(isReady).catch(() => ''), 60_000)
  return name
}

const sleeping = { command: ['sh', '-c', 'sleep 600'] }

/** `up dev` of a project on this network; `stack`: the compose project that runs its Postgres. */
const up = async (settings: Record<string, unknown> = {}, stack?: string) => {
  using project = makeProject({
    network,
    store,
    edit: (config) => {
      Object.assign(config.environments.dev, { wait: 5, ...settings })
      if (stack) config.hosts.local.stack = { file: 'compose.yaml', project: stack }
    },
  })
  return await runIn(project, 'up dev')
}

describe('Postgres on a network', () => {
  it('is found by what runs there, whatever it is called and whoever is beside it', async () => {
    const name = await startPostgres('db')
    await start('pooler', pgbouncerImage, sleeping)
    await start('postgres-exporter', postgresImage, sleeping)
    expect(await up()).toMatchObject({ exit: 0 })
    expect(
      await docker(['exec', name, 'psql', '-U', 'postgres', '-Atc', 'select count(*) from a', 'shop']),
    ).toBe('0')
  })

  it('is the one called postgres where there are several', async () => {
    await startPostgres('other')
    const name = await startPostgres('postgres')
    expect(await up()).toMatchObject({ exit: 0 })
    expect(
      await docker(['exec', name, 'psql', '-U', 'postgres', '-Atc', 'select count(*) from a', 'shop']),
    ).toBe('0')
  })

  it('is not guessed of several others: each is named, and the line to write', async () => {
    await startPostgres('north')
    await startPostgres('south')
    const { exit, stderr } = await up()
    expect(exit).toBe(4)
    expect(stderr).toMatch(new RegExp(`Several Postgres run on ${network}: (north, south|south, north)\\.`))
    expect(stderr).toMatch(/→ write into the config, under environments\.dev: service: (north|south)\n/)
    expect(await up({ service: 'south' })).toMatchObject({ exit: 0 })
  })

  it('under another name than the config says is named, with what else is there', async () => {
    await startPostgres('db')
    await start('web', pgbouncerImage, sleeping)
    const { exit, stderr } = await up({ service: 'database' })
    expect(exit).toBe(6)
    expect(stderr).toContain(`nothing answers to "database" there`)
    expect(stderr).toContain(
      `on ${network}: db (${postgresImage}, running), web (${pgbouncerImage}, running)`,
    )
    expect(stderr).toContain('→ write into the config, under environments.dev: service: db\n')
  })

  it('that is not there is told with what is', async () => {
    await start('web', pgbouncerImage, sleeping)
    const { exit, stderr } = await up()
    expect(exit).toBe(6)
    expect(stderr).toContain(`no Postgres runs there`)
    expect(stderr).toContain(`on ${network}: web (${pgbouncerImage}, running)`)
  })

  it('that is stopped is started by the command in the hint', async () => {
    const name = await startPostgres('postgres')
    await docker(['stop', name])
    const { exit, stderr } = await up()
    expect(exit).toBe(6)
    expect(stderr).toContain(`${name} is exited`)
    expect(stderr).toContain(`→ docker start ${name}\n`)
  })

  it("that is stopped is not taken for another project's that runs there", async () => {
    const name = await startPostgres('postgres')
    const other = await startPostgres('warehouse')
    await docker(['stop', name])
    const { exit, stderr } = await up()
    expect(exit).toBe(6)
    expect(stderr).toContain(`${name} is exited`)
    expect(stderr).toContain(`→ docker start ${name}\n`)
    expect(await docker(['exec', other, 'psql', '-U', 'postgres', '-Atlc', '\\l'])).not.toContain('shop|')
  })

  it('is not that of another compose project, whose network it shares', async () => {
    const own = await startPostgres('postgres', ...composeProject('pmt-own'))
    await docker(['stop', own])
    const other = await startPostgres('postgres', ...composeProject('pmt-other'))
    const unsaid = await up()
    expect(unsaid.exit).toBe(4)
    expect(unsaid.stderr).toContain(`${own} (exited)`)
    expect(unsaid.stderr).toContain(`${other} (running)`)
    const stopped = await up({}, 'pmt-own')
    expect(stopped.exit).toBe(6)
    expect(stopped.stderr).toContain(`${own} is exited`)
    await docker(['rm', '--force', '--volumes', own])
    containers.splice(containers.indexOf(own), 1)
    const removed = await up({}, 'pmt-own')
    expect(removed.exit).toBe(6)
    expect(removed.stderr).toContain(`${other} is of the compose project pmt-other, and not of pmt-own`)
    expect(removed.stderr).toContain('→ po-migrate start local\n')
    expect(await docker(['exec', other, 'psql', '-U', 'postgres', '-Atlc', '\\l'])).not.toContain('shop|')
    expect(await up({ service: other }, 'pmt-own')).toMatchObject({ exit: 0 })
  })

  it('is not that of a network whose id begins with the name', async () => {
    const other = await startPostgres('postgres')
    const id = await docker(['network', 'inspect', '--format', '{{.Id}}', network])
    const short = id.slice(0, 10)
    using project = makeProject({ network: short, store })
    expect(await runIn(project, 'up dev')).toMatchObject({
      exit: 6,
      stderr: expect.stringContaining(`The Docker network ${short} of dev does not exist here.`),
    })
    await docker(['network', 'create', short])
    try {
      expect(await runIn(project, 'up dev')).toMatchObject({
        exit: 6,
        stderr: expect.stringContaining(`Postgres of dev is not running on ${short}: nothing answers`),
      })
    } finally {
      await docker(['network', 'rm', short])
    }
    expect(await docker(['exec', other, 'psql', '-U', 'postgres', '-Atlc', '\\l'])).not.toContain('shop|')
  })

  it('that does not exist is told with the networks that do', async () => {
    using project = makeProject({ network: `${network}-x`, store })
    const { exit, stderr } = await runTool(['up', 'dev'], { cwd: project.directory })
    expect(exit).toBe(6)
    expect(stderr).toMatch(new RegExp(`here are: .*\\b${network}\\b`))
  })
})

describe('a compose project with a config of six lines', () => {
  const name = uniqueName('shop')
  const project = makeProject({ network, store: {}, places: [] })
  const compose = (...args: string[]) =>
    docker(['compose', '--project-directory', project.directory, ...args])
  beforeAll(async () => {
    project.write(
      'compose.yaml',
      `name: ${name}
services:
  db:
    image: ${postgresImage}
    env_file: .env
    healthcheck: { test: 'pg_isready -h "$$HOSTNAME"', interval: 1s, retries: 60 }
`,
    )
    project.write('.env', "POSTGRES_PASSWORD='a b#c'\n")
    project.write(
      'db/migrations/20240101000000_a.sql',
      migration('create table a (id int);', 'drop table a;'),
    )
    project.write(
      'migrate.yaml',
      `environments:
  dev:
    suffix: _dev
    password: { env_file: .env }
databases:
  shop: { directory: db/migrations, database: shop_main, suffix: false }
`,
    )
    await compose('up', '--detach', '--wait')
  })
  afterAll(async () => {
    await compose('down', '--volumes')
    project[Symbol.dispose]()
  })

  it('is migrated: the host, the network, the server and the image are found', async () => {
    expect(await runIn(project, 'up dev')).toMatchObject({ exit: 0 })
    const status = await runIn(project, 'status --json')
    expect(JSON.parse(status.stdout).environments).toMatchObject([
      {
        environment: 'dev',
        host: 'local',
        network: `${name}_default`,
        databases: [{ name: 'shop', database: 'shop_main', exists: true, applied: 1, pending: 0 }],
      },
    ])
    expect((await runIn(project, 'doctor dev')).stdout).toContain('postgres')
  })

  it('rolls back, and counts on, in the directory that the config names', async () => {
    expect(await runIn(project, 'rollback dev --db shop')).toMatchObject({ exit: 0 })
    expect(await runIn(project, 'up dev --db shop')).toMatchObject({ exit: 0 })
    const { stdout } = await runIn(project, 'new shop second')
    expect(stdout).toMatch(/^db\/migrations\/20\d{12}_second\.sql\n$/)
    expect((await runIn(project, 'status dev')).stdout).toContain('1 pending')
  })
})
