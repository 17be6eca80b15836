import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { configSchema } from '../../../src/config/schema.ts'
import type { Answers, Facts, FoundServer } from '../../../src/init/plan/facts.ts'
import { propose } from '../../../src/init/plan/propose.ts'
import { Secret } from '../../../src/model/secret.ts'

const db: FoundServer = {
  service: 'db',
  network: 'shop_default',
  user: 'postgres',
  database: 'postgres',
  port: 5432,
  published: [],
  password: { kind: 'key', file: '.env', key: 'POSTGRES_PASSWORD' },
}

const facts = (more: Partial<Facts> = {}): Facts => ({
  project: 'shop',
  place: 'migrate.yaml',
  others: [],
  directories: [],
  notes: [],
  ...more,
})

const compose = (...servers: FoundServer[]) => ({ file: 'compose.yaml', project: 'shop', servers })
const directory = (path: string, ...versions: string[]) => ({ path, versions, strangers: false })
const wishes = { freshPassword: 'fresh', network: 'shop_default' }
const proposed = (given: Facts, answers: Answers = {}) => propose(given, answers, wishes)

const textOf = (given: Facts, answers?: Answers): string =>
  proposed(given, answers).files.find(({ path }) => path === given.place)?.text ?? ''

/** The config as the loader takes it, without what every proposal has. */
const configOf = (given: Facts, answers?: Answers) => {
  const text = parse(textOf(given, answers))
  configSchema.parse(text)
  const { environments, project: _, ...rest } = text
  const { policy, ...dev } = environments.dev
  expect(policy).toEqual({ out_of_order: 'allow', missing: 'allow', warnings: 'allow' })
  return { dev, ...rest }
}

describe('the proposed config', () => {
  it('of a compose project says what its files do not, with a reason for what stands there', () => {
    const given = facts({
      compose: compose({ ...db, database: 'shop_main' }),
      directories: [directory('db/migrations', '20240101000000')],
    })
    expect(textOf(given)).toMatchInlineSnapshot(`
      "# yaml-language-server: $schema=./node_modules/po-migrate/schemas/migrate.schema.json
      # What po-migrate migrates, and where. Every key: node_modules/po-migrate/docs/reference.md

      project: shop

      environments:
        # Postgres is the service db of compose.yaml.
        dev:
          password: { env_file: .env }
          # On a laptop branches come and go, and tables are small: these are no reason to stop there. Leave it out elsewhere.
          policy: { out_of_order: allow, missing: allow, warnings: allow }

      # Each has a directory of migrations, and may be called otherwise on the server: database: NAME.
      databases:
        shop_main: { directory: db/migrations }
      "
    `)
  })

  it.each<[string, Partial<FoundServer>, object]>([
    ['nothing else where all is usual', {}, {}],
    ['another network', { network: 'platform' }, { network: 'platform' }],
    ['another user', { user: 'app' }, { user: 'app' }],
    ['another port', { port: 5433 }, { port: 5433 }],
    [
      'another key of another file',
      { password: { kind: 'key', file: 'docker/db.env', key: 'DB_PASS' } },
      { password: { env_file: 'docker/db.env', key: 'DB_PASS' } },
    ],
    [
      'a server that trusts everybody',
      { password: { kind: 'trust' } },
      { password: { env_file: 'migrate.env' }, auth: 'any' },
    ],
  ])('says %s', (_, server, settings) => {
    const { dev } = configOf(facts({ compose: compose({ ...db, ...server }) }))
    expect(dev).toEqual({ password: { env_file: '.env' }, ...settings })
  })

  it('has paths from where it stands', () => {
    const given = facts({
      place: 'infrastructure/migrate.yaml',
      compose: compose({
        ...db,
        password: { kind: 'key', file: 'infrastructure/db.env', key: 'POSTGRES_PASSWORD' },
      }),
      directories: [directory('db/migrations', '1')],
    })
    expect(configOf(given)).toMatchObject({
      dev: { password: { env_file: 'db.env' } },
      databases: { shop: { directory: '../db/migrations' } },
    })
  })

  it('tells how many migrations were found, and the newest', () => {
    const directories = [directory('db/migrations', '1'), directory('sql', '1', '2')]
    expect(proposed(facts({ compose: compose(db), directories })).notes).toEqual(
      expect.arrayContaining(['db/migrations: 1 migration, the newest 1', 'sql: 2 migrations, the newest 2']),
    )
  })

  it('keeps a dollar sign from being a reference', () => {
    const given = facts({ compose: compose(db), directories: [directory('a$b/migrations', '1')] })
    expect(configOf(given).databases).toEqual({ shop: { directory: 'a$$b/migrations' } })
  })
})

describe('the databases', () => {
  const server = {
    superuser: true,
    createsDatabases: true,
    databases: ['postgres', 'shop_main'],
    versions: [],
  }
  const one = {
    compose: compose(db),
    directories: [directory('db/migrations', '20240101000000', '20240201000000')],
  }
  const url = {
    key: 'DATABASE_URL',
    file: '.env',
    host: 'db',
    port: 5432,
    user: 'app',
    database: 'shop_main',
    hasPassword: true,
  }

  it('is called as its URL says, and keeps the user and the password of the URL', () => {
    expect(configOf(facts({ ...one, url }))).toEqual({
      dev: { user: 'app', password: { env_file: '.env', key: 'DATABASE_URL' } },
      databases: { shop_main: { directory: 'db/migrations' } },
    })
  })

  it("is the image's own where the URL names none", () => {
    const given = facts({ ...one, compose: compose({ ...db, database: 'shop_main' }) })
    expect(configOf({ ...given, url: { ...url, database: undefined } }).databases).toEqual({
      shop_main: { directory: 'db/migrations' },
    })
  })

  it('has a name that can be typed where its own cannot, and the search_path of its URL', () => {
    const given = facts({ ...one, url: { ...url, database: 'Shop Main', searchPath: 'app,public' } })
    expect(configOf(given).databases).toEqual({
      shop_main: { directory: 'db/migrations', database: 'Shop Main', search_path: 'app,public' },
    })
  })

  it.each([
    ['the one that the image makes', { compose: compose({ ...db, database: 'shop_main' }) }, 'shop_main'],
    ['called after the project where the image makes none', { compose: compose(db) }, 'shop'],
    [
      'the one in which its versions are applied',
      {
        server: {
          ...server,
          versions: [{ database: 'main', table: 'public.schema_migrations', versions: ['20240101000000'] }],
        },
      },
      'main',
    ],
    [
      'not one in which others are applied too',
      {
        server: {
          ...server,
          versions: [
            { database: 'main', table: 'public.schema_migrations', versions: ['20240101000000', '3'] },
          ],
        },
      },
      'shop',
    ],
  ])('is %s', (_, more, name) => {
    expect(configOf(facts({ ...one, ...more })).databases).toEqual({ [name]: { directory: 'db/migrations' } })
  })

  it('has its table named where that is called otherwise', () => {
    const versions = [{ database: 'main', table: 'ops.applied', versions: ['20240101000000'] }]
    expect(configOf(facts({ ...one, server: { ...server, versions } })).databases).toEqual({
      main: { directory: 'db/migrations', migrations_table: 'ops.applied' },
    })
    expect(configOf(facts({ ...one, table: 'versions' })).databases).toEqual({
      shop: { directory: 'db/migrations', migrations_table: 'versions' },
    })
  })

  it('is asked for where the server has several and nothing tells', () => {
    const given = facts({ ...one, server })
    expect(proposed(given).questions).toEqual([
      {
        id: 'database',
        ask: 'Which database are the migrations in db/migrations of?',
        choices: ['shop', 'postgres', 'shop_main'],
        suggestion: 'shop',
      },
    ])
    expect(configOf(given, { database: 'shop_main' }).databases).toEqual({
      shop_main: { directory: 'db/migrations' },
    })
  })

  it('are not listed where a store holds them and nothing else', () => {
    const given = facts({
      compose: compose(db),
      directories: [directory('migrations/calendar', '00001'), directory('migrations/iam', '00001')],
    })
    expect(configOf(given)).toEqual({ dev: { password: { env_file: '.env' } } })
    const elsewhere = { ...given, directories: [directory('db/migrations/iam', '00001')] }
    expect(configOf(elsewhere)).toMatchObject({ migrations: 'db/migrations' })
  })

  it('are listed where a store holds other things too', () => {
    const given = facts({
      compose: compose(db),
      directories: [{ ...directory('migrations/iam', '00001'), strangers: true }],
    })
    expect(configOf(given).databases).toEqual({ iam: { directory: 'migrations/iam' } })
  })

  it('of several places are called after what tells them apart', () => {
    const given = facts({
      compose: compose(db),
      directories: [
        directory('services/billing/db/migrations', '00001'),
        directory('services/web-shop/migrations', '00001'),
        directory('tools/billing/migrations', '00001'),
      ],
    })
    expect(configOf(given).databases).toEqual({
      billing: { directory: 'services/billing/db/migrations' },
      'web-shop': { directory: 'services/web-shop/migrations' },
      tools_billing_migrations: { directory: 'tools/billing/migrations' },
    })
  })

  it('are never taken for another whose versions are small numbers too', () => {
    const versions = [{ database: 'calendar', table: 'public.schema_migrations', versions: ['00001'] }]
    const given = facts({
      compose: compose(db),
      server: { ...server, databases: ['calendar'], versions },
      directories: [directory('sql/billing', '00001', '00002'), directory('sql/iam', '00001')],
    })
    expect(configOf(given)).toEqual({ dev: { password: { env_file: '.env' } }, migrations: 'sql' })
  })
})

describe('the server', () => {
  const published = { ...db, service: 'pg', network: 'bridge', published: [5433], database: 'postgres' }
  const url = {
    key: 'DATABASE_URL',
    file: '.env',
    host: 'localhost',
    port: 5433,
    user: 'app',
    database: 'shop',
    hasPassword: true,
  }

  it('is the container that a URL of this machine leads to', () => {
    expect(configOf(facts({ url, others: [db, published] })).dev).toEqual({
      network: 'bridge',
      user: 'app',
      password: { env_file: '.env', key: 'DATABASE_URL' },
    })
  })

  const away = { ...url, host: 'db.example.org', port: 5432 }
  const remote = (more: object = {}, place = 'migrate.yaml') =>
    facts({ place, url: { ...away, ...more }, directories: [directory('db/migrations', '1')] })
  const devOf = (given: Facts) => parse(textOf(given)).environments.dev

  it('is the one of a URL that leads to no container here, with nothing allowed on another machine', () => {
    expect(devOf(remote())).toEqual({ server: { url_env: 'DATABASE_URL' } })
    expect(proposed(remote()).notes.join()).not.toContain('no password was found')
    expect(devOf(remote({ host: '::1' }))).toMatchObject({
      server: { url_env: 'DATABASE_URL' },
      policy: { warnings: 'allow' },
    })
    expect(devOf(remote({}, 'deploy/migrate.yaml'))).toEqual({
      server: { url_env: 'DATABASE_URL', env_file: '../.env' },
    })
  })

  it('is spelled out where the URL says what a config says elsewhere', () => {
    expect(devOf(remote({ spelled: { mode: 'verify-full', ca: 'ca.pem' } }))).toEqual({
      server: {
        host: 'db.example.org',
        user: 'app',
        password: { env_file: '.env', key: 'DATABASE_URL' },
        tls: { mode: 'verify-full', ca: 'ca.pem' },
      },
    })
  })

  it('is spelled out with the paths of the project as a config in a directory writes them', () => {
    const spelled = { ca: 'ca.pem', cert: '/etc/own.pem', key: 'keys/own.key' }
    expect(devOf(remote({ file: undefined, spelled }, 'infrastructure/migrate.yaml')).server).toMatchObject({
      password: { env_file: '../.env' },
      tls: { mode: 'require', ca: '../ca.pem', cert: '/etc/own.pem', key: '../keys/own.key' },
    })
  })

  it('is asked for where the URL is of a socket', () => {
    const { notes, files } = proposed(remote({ unusable: 'The URL in DATABASE_URL names no host.' }))
    expect(notes.join('\n')).toMatch(/names no host\.\nSay where Postgres is/)
    expect(files.map(({ path }) => path)).toEqual(['migrate.yaml'])
  })

  it('keeps its own password where the URL that leads to it has none', () => {
    expect(configOf(facts({ url: { ...url, hasPassword: false }, others: [published] })).dev).toMatchObject({
      user: 'app',
      password: { env_file: '.env' },
    })
  })

  it('has a secret as it lies, where a file holds the password alone', () => {
    const password = { kind: 'whole', file: 'pw.txt' } as const
    expect(configOf(facts({ compose: compose({ ...db, password }) })).dev).toEqual({
      password: { env_file: { path: 'pw.txt', format: 'value' } },
    })
  })

  it('of another project is never taken unasked', () => {
    const given = facts({ others: [published] })
    expect(proposed(given).questions).toEqual([
      expect.objectContaining({
        choices: ['pg on bridge', 'a new one, in compose.yaml'],
        suggestion: 'a new one, in compose.yaml',
      }),
    ])
    expect(configOf(given).dev).toEqual({ password: { env_file: '.env' } })
    expect(configOf(given, { server: 'pg on bridge' }).dev).toEqual({
      network: 'bridge',
      password: { env_file: '.env' },
    })
  })

  it('is asked for where the project has two, and named', () => {
    const given = facts({ compose: compose(db, { ...db, service: 'stats' }) })
    expect(proposed(given).questions[0]?.choices).toEqual(['db on shop_default', 'stats on shop_default'])
    expect(configOf(given, { server: 'stats on shop_default' }).dev).toMatchObject({ service: 'stats' })
  })

  it('is made where there is none: a compose file, a password that git does not see, and what to type next', () => {
    const { files, next } = proposed(facts())
    expect(files.map(({ path }) => path)).toEqual([
      'compose.yaml',
      '.env',
      '.gitignore',
      'migrate.yaml',
      'migrations/.gitkeep',
    ])
    expect(parse(files[0]?.text ?? '')).toMatchObject({
      name: 'shop',
      services: { postgres: { image: 'postgres:17', env_file: '.env' } },
    })
    expect(files[1]).toMatchObject({ text: "POSTGRES_PASSWORD='fresh'\n", secret: true })
    expect(next).toEqual(['docker compose up --detach --wait', 'po-migrate new NAME initial_schema'])
  })

  it('whose password stands in no env file gets one that git does not see', () => {
    const password = { kind: 'text', from: 'compose.yaml', value: new Secret("it's $a") } as const
    const { files, notes } = proposed(facts({ compose: compose({ ...db, password }) }))
    expect(files).toContainEqual({
      path: 'migrate.env',
      text: "POSTGRES_PASSWORD='it\\'s $a'\n",
      how: 'append',
      secret: true,
    })
    expect(files).toContainEqual({ path: '.gitignore', text: 'migrate.env\n', how: 'append' })
    expect(notes.join()).toContain('stands in compose.yaml alone')
    expect(notes.join()).not.toContain('$a')
  })

  it('of whom the role is no superuser is told with what that means', () => {
    const server = { superuser: false, createsDatabases: false, databases: [], versions: [] }
    expect(proposed(facts({ compose: compose(db), server })).notes.join()).toContain(
      'may not create databases',
    )
  })
})

describe('a job for a CI', () => {
  it.each([
    ['gitlab', '.gitlab-ci/po-migrate.yml', 'lint-migrations'],
    ['github', '.github/workflows/po-migrate.yml', 'jobs'],
  ] as const)('of %s stands in a file of its own, and lints', (ci, path, key) => {
    const { files } = propose(facts({ compose: compose(db) }), {}, { ...wishes, ci })
    const found = files.find((file) => file.path === path)
    expect(parse(found?.text ?? '')).toHaveProperty(key)
    expect(found?.text).toContain('npx po-migrate lint\n')
  })
})
