import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { docker, uniqueName } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'
import { dbmate } from '../support/postgres/dbmate.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const composeFile = (name: string, service: string): string => `name: ${name}
services:
  db:
    image: ${postgresImage}
${service}
    healthcheck: { test: 'pg_isready -h "$$HOSTNAME"', interval: 1s, retries: 60 }
  web: { image: nginx, environment: { POSTGRES_PASSWORD: unused } }
`

const empty = (): Project => makeProject({ network: 'none', store: {}, places: [] })
const readIn = ({ directory }: Project, path: string): string => readFileSync(join(directory, path), 'utf8')
const up = ({ directory }: Project) =>
  docker(['compose', '--project-directory', directory, 'up', '--detach', '--wait', 'db'])
const down = ({ directory }: Project) =>
  docker(['compose', '--project-directory', directory, 'down', '--volumes'])

describe('init in a compose project', () => {
  const project = empty()
  const name = uniqueName('init')
  beforeAll(async () => {
    project.write(
      'compose.yaml',
      composeFile(
        name,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: compose's own placeholder
        '    environment: { POSTGRES_PASSWORD: "${DB_PASSWORD}", POSTGRES_DB: shop_main, POSTGRES_USER: app }',
      ),
    )
    project.write('.env', 'DB_PASSWORD=secret word\n')
    project.write(
      'db/migrations/20240101000000_a.sql',
      migration('create table a (id int);', 'drop table a;'),
    )
    await up(project)
  })
  afterAll(async () => {
    await down(project)
    project[Symbol.dispose]()
  })

  it('writes nothing where nobody can be asked', async () => {
    const { exit, stdout, stderr } = await runIn(project, 'init')
    expect(exit).toBe(4)
    expect(stdout).toContain('+environments:')
    expect(stderr).toContain('→ po-migrate init --yes')
    expect(existsSync(join(project.directory, 'migrate.yaml'))).toBe(false)
  })

  it('finds service, user, password and database, shows what it writes, then the status', async () => {
    const { exit, stdout, stderr } = await runIn(project, 'init --yes')
    expect({ exit, stderr }).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('written: migrate.yaml'),
    })
    expect(stdout).toContain('migrate.yaml (new)\n+# yaml-language-server: $schema=')
    expect(stdout).toContain('shop_main  0 applied, 1 pending')
    const { environments, databases } = loadConfig({ cwd: project.directory, env: {} })
    expect(environments.dev).toMatchObject({
      network: `${name}_default`,
      user: 'app',
      password: { env_file: '.env', key: 'DB_PASSWORD' },
    })
    expect(databases).toMatchObject({ shop_main: { directory: 'db/migrations' } })
    expect(stdout + stderr).not.toContain('secret word')
  })

  it('is done at once when it is typed again, and up applies', async () => {
    const before = readIn(project, 'migrate.yaml')
    const { exit, stdout, stderr } = await runIn(project, 'init --yes')
    expect(exit).toBe(0)
    expect(stderr).toContain('nothing to write')
    expect(stdout).not.toContain('+')
    expect(readIn(project, 'migrate.yaml')).toBe(before)
    expect(await runIn(project, 'up dev')).toMatchObject({ exit: 0 })
  })

  it('shows what it would write over a file that somebody changed, and leaves it', async () => {
    const own = `${readIn(project, 'migrate.yaml')}# mine\n`
    project.write('migrate.yaml', own)
    const { exit, stdout } = await runIn(project, 'init --yes')
    expect(exit).toBe(0)
    expect(stdout).toContain('migrate.yaml (is there, and stays as it is; --force writes this)')
    expect(stdout).toContain('-# mine')
    expect(readIn(project, 'migrate.yaml')).toBe(own)
    expect(await runIn(project, 'init --yes --force')).toMatchObject({ exit: 0 })
    expect(readIn(project, 'migrate.yaml')).not.toContain('# mine')
  })

  it('adds a job for a CI on request', async () => {
    expect(await runIn(project, 'init --yes --ci gitlab')).toMatchObject({ exit: 0 })
    expect(readIn(project, '.gitlab-ci/po-migrate.yml')).toContain('npx po-migrate lint')
  })
})

describe('init in a compose project whose Postgres nothing but its process tells', () => {
  const project = empty()
  const name = uniqueName('init')
  const image = `${name}-data:1`
  beforeAll(async () => {
    await docker(['tag', postgresImage, image])
    const settings = '    environment: { POSTGRES_PASSWORD: hidden word, POSTGRES_USER: me }'
    project.write('compose.yaml', composeFile(name, settings).replace(postgresImage, image))
    await up(project)
  })
  afterAll(async () => {
    await down(project)
    await docker(['rmi', image])
    project[Symbol.dispose]()
  })

  it('asks what runs, and calls it a service of the project', async () => {
    const { exit, stderr } = await runIn(project, 'init --yes')
    expect({ exit, stderr }).toEqual({
      exit: 0,
      stderr: expect.stringContaining('Postgres is the service db of compose.yaml.'),
    })
    expect(stderr).not.toContain('has no service that is a Postgres')
    expect(loadConfig({ cwd: project.directory, env: {} }).environments.dev).toMatchObject({ user: 'me' })
  })
})

describe('init in a compose project whose password is in the compose file', () => {
  const project = empty()
  const name = uniqueName('init')
  beforeAll(async () => {
    project.write(
      'infrastructure/compose.yaml',
      composeFile(name, '    environment: [POSTGRES_PASSWORD=plain]'),
    )
    project.write('infrastructure/migrations/shop/00001_a.sql', migration('create table a (id int);'))
    await docker([
      'compose',
      '--file',
      join(project.directory, 'infrastructure/compose.yaml'),
      'up',
      '--detach',
      '--wait',
      'db',
    ])
  })
  afterAll(async () => {
    await docker(['compose', '--project-name', name, 'down', '--volumes'])
    project[Symbol.dispose]()
  })

  it('writes it to a file of its own, for its owner and not for git; the config stands beside the rest', async () => {
    const { exit, stdout } = await runIn(project, 'init --yes')
    expect(exit).toBe(0)
    expect(stdout).toContain('shop  does not exist yet')
    expect(stdout).not.toContain('plain')
    expect(readIn(project, 'migrate.env')).toBe("POSTGRES_PASSWORD='plain'\n")
    expect(statSync(join(project.directory, 'migrate.env')).mode & 0o077).toBe(0)
    expect(readIn(project, '.gitignore')).toBe('migrate.env\n')
    expect(readIn(project, 'infrastructure/migrate.yaml')).toContain('password: { env_file: ../migrate.env }')
    expect(await runIn(project, 'up dev')).toMatchObject({ exit: 0 })
  })
})

describe('init in a dbmate project', () => {
  let postgres: TestPostgres
  const project = empty()
  beforeAll(async () => {
    postgres = await startPostgres({ POSTGRES_PASSWORD: 'p@ss word' })
    project.write('db/migrations/20240101000000_a.sql', migration('create table a (id int);'))
    project.write('db/migrations/20240201000000_b.sql', migration('create table b (id int);'))
    project.write('db/schema.sql', '-- dumped\n')
    await postgres.psql('postgres', 'create database "shop_main"')
  })
  afterAll(async () => {
    project[Symbol.dispose]()
    await postgres[Symbol.asyncDispose]()
  })

  it('finds what is applied, wherever the table of versions is, and which database it is', async () => {
    const flags = ['--migrations-table', 'ops.applied']
    const call = { database: 'shop_main', directory: join(project.directory, 'db/migrations'), flags }
    await postgres.psql('shop_main', 'create schema ops')
    expect(await dbmate(postgres, call, 'up')).toMatchObject({ exit: 0 })
    project.write(
      '.env',
      'DATABASE_URL="postgres://postgres:p%40ss%20word@postgres:5432/shop_main?sslmode=disable"\n',
    )
    project.write(
      'compose.yaml',
      `name: ${uniqueName('init')}\nservices: { postgres: { image: postgres } }\nnetworks: { default: { name: ${postgres.network}, external: true } }\n`,
    )
    const { exit, stdout } = await runIn(project, 'init --yes')
    expect(exit).toBe(0)
    expect(stdout).toContain('shop_main  2 applied\n')
    expect(loadConfig({ cwd: project.directory, env: {} })).toMatchObject({
      environments: { dev: { network: postgres.network, password: { key: 'DATABASE_URL' } } },
      databases: { shop_main: { directory: 'db/migrations', migrations_table: 'ops.applied' } },
    })
  })
})

describe('init in an empty directory', () => {
  it('makes a Postgres to start, a password that git does not see, and a store', async () => {
    using project = empty()
    const { exit, stdout, stderr } = await runIn(project, 'init --yes')
    expect(exit).toBe(0)
    expect(stdout).toContain('compose.yaml (new)')
    expect(stdout).toContain('+POSTGRES_PASSWORD=…\n')
    expect(stderr).toContain('→ docker compose up --detach --wait\n→ po-migrate new NAME initial_schema\n')
    const read = await docker(['compose', '--project-directory', project.directory, 'config', '--quiet'])
    expect(read).toBe('')
    const before = readIn(project, '.env')
    expect(await runIn(project, 'new shop initial_schema')).toMatchObject({ exit: 0 })
    const again = await runIn(project, 'init --yes')
    expect(again.stderr).toContain('nothing to write')
    expect(readIn(project, '.env')).toBe(before)
  })

  it('asks on a terminal before it writes', async () => {
    using project = empty()
    // Where no engine is, nothing runs that could be chosen.
    const env = { DOCKER_HOST: 'unix:///no/such/engine.sock' }
    const { exit, stderr } = await runIn(project, 'init', { typed: 'n', env })
    expect(exit).toBe(4)
    expect(stderr).toContain('Write compose.yaml, .env, .gitignore, migrate.yaml')
    expect(existsSync(join(project.directory, 'compose.yaml'))).toBe(false)
    expect(await runIn(project, 'init', { typed: 'y', env })).toMatchObject({ exit: 0 })
    expect(existsSync(join(project.directory, 'compose.yaml'))).toBe(true)
  })
})
