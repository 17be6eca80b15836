import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import type { PasswordPlace } from '../../src/init/plan/facts.ts'
import { readCompose } from '../../src/init/read-compose.ts'
import { shellUntil } from '../../src/io/host/shell.ts'

type Found = { service: string; user: string; database: string; network: string; password: PasswordPlace }
type Files = Record<string, string>

const inDirectory = async <T>(files: Files, use: (directory: string) => Promise<T>): Promise<T> => {
  const scratch = mkdtempSync(join(tmpdir(), 'pmt-init-'))
  const root = join(scratch, 'my shop é')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  try {
    return await use(root)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

const read = (files: Files, host?: string) =>
  inDirectory(files, async (root) => {
    const { facts, notes } = await readCompose(root, {
      shell: shellUntil(new AbortController().signal),
      env: process.env,
      host,
    })
    expect(notes).toEqual([])
    return facts?.servers
  })

const key = (file: string, name: string): PasswordPlace => ({ kind: 'key', file, key: name })
const usual = 'environment: { POSTGRES_PASSWORD: x }'

it.each<[string, Files, Partial<Found>]>([
  [
    'an anchor, a registry that is a proxy, defaults in variables',
    {
      // biome-ignore-start lint/suspicious/noTemplateCurlyInString: compose's own placeholders
      'compose.yaml': `name: \${PROJ:-my-shop}
x-pg: &pg
  image: gitlab.example.com/group/dependency_proxy/containers/postgres:17
  environment: &env { POSTGRES_USER: "\${PG_USER:-shopper}", POSTGRES_DB: shop_main, POSTGRES_PASSWORD: "\${PG_PW:?set it}" }
services:
  db: { <<: *pg, ports: ["127.0.0.1:5433:5432"] }
  app: { image: busybox, environment: { <<: *env } }
`,
      // biome-ignore-end lint/suspicious/noTemplateCurlyInString: until here
      '.env': 'PG_PW=sekret\n',
    },
    { service: 'db', user: 'shopper', database: 'shop_main', password: key('.env', 'PG_PW') },
  ],
  [
    'an included file with an env file of its own, the image of bitnami',
    {
      'compose.yaml': 'include: [ { path: infra/db.yaml, env_file: infra/pg.env } ]\n',
      'infra/db.yaml': `services:
  pg:
    image: bitnami/postgresql:17
    environment: { POSTGRESQL_USERNAME: bob, POSTGRESQL_DATABASE: bobs, POSTGRESQL_PASSWORD: "\${DB_PASS}" }
`,
      'infra/pg.env': 'DB_PASS=x1\n',
    },
    { service: 'pg', user: 'bob', database: 'bobs', password: key('infra/pg.env', 'DB_PASS') },
  ],
  [
    'everything in secrets, a network of somebody else',
    {
      'compose.yaml': `services:
  db:
    image: postgis/postgis:17-3.5
    environment: { POSTGRES_PASSWORD_FILE: /run/secrets/pw, POSTGRES_DB_FILE: /run/secrets/name, POSTGRES_USER_FILE: /run/secrets/who }
    secrets: [ pw, name, who ]
    networks: { back: { aliases: [pg] } }
secrets: { pw: { file: ./pw.txt }, name: { file: ./db.txt }, who: { file: ./u.txt } }
networks: { back: { name: shared-back, external: true } }
`,
      'pw.txt': 's3\n',
      'db.txt': 'geo\n',
      'u.txt': 'geouser\n',
    },
    { user: 'geouser', database: 'geo', network: 'shared-back', password: { kind: 'whole', file: 'pw.txt' } },
  ],
  [
    'an image that is built, by what it is built on',
    {
      'compose.yaml': `services: { db: { build: ./pg, env_file: [ { path: a.env, required: false }, b.env ] } }\n`,
      'pg/Dockerfile': 'FROM debian AS tools\nFROM --platform=linux/amd64 postgres:17 AS last\nRUN true\n',
      'b.env': 'POSTGRES_PASSWORD=zz\n',
    },
    { service: 'db', password: key('b.env', 'POSTGRES_PASSWORD') },
  ],
  [
    'a service that extends one of another file, a dollar sign in its password',
    {
      'compose.yaml': 'services: { database: { extends: { file: deep/base.yml, service: pg } } }\n',
      'deep/base.yml': 'services: { pg: { image: "supabase/postgres:15.8.1", env_file: ./base.env } }\n',
      'deep/base.env': "POSTGRES_PASSWORD='p$$1'\n",
    },
    { service: 'database', password: key('deep/base.env', 'POSTGRES_PASSWORD') },
  ],
])('init reads %s', async (_, files, expected) => {
  expect(await read(files)).toEqual([expect.objectContaining(expected)])
})

it('init takes a password from a compose file as the container gets it', async () => {
  const servers = await read({
    'compose.yaml': 'services: { db: { image: postgres:17, environment: { POSTGRES_PASSWORD: "a$$b" } } }\n',
  })
  const [found] = servers ?? []
  expect(found?.password.kind === 'text' && found.password.value.reveal()).toBe('a$b')
})

it.each([
  ['an exporter', 'quay.io/prometheuscommunity/postgres-exporter:v0.16'],
  ['PostgREST', 'postgrest/postgrest:v12'],
  ['an application', 'example.com/postgres/web:1'],
])('init takes no Postgres from %s', async (_, image) => {
  expect(await read({ 'compose.yaml': `services: { a: { image: "${image}", ${usual} } }\n` })).toEqual([])
})

it('init takes the host of DATABASE_URL for a Postgres, whatever its image is called', async () => {
  const compose = `services: { a: { image: "example.com/ours:1", ${usual} }, b: { image: busybox } }\n`
  expect(await read({ 'compose.yaml': compose }, 'a')).toEqual([expect.objectContaining({ service: 'a' })])
})

it('init says what is missing where docker has no compose', async ({ skip }) => {
  const { notes } = await inDirectory(
    { 'compose.yaml': `services: { a: { image: "postgres:17", ${usual} } }\n` },
    async (root) => {
      const env = { ...process.env, DOCKER_CONFIG: root, HOME: root }
      const shell = shellUntil(new AbortController().signal)
      const { exitCode } = await shell('docker', ['compose', 'version'], { env })
      skip(exitCode === 0, 'compose is installed for everybody here')
      return readCompose(root, { shell, env, host: undefined })
    },
  )
  expect(notes).toEqual([
    'compose.yaml could not be read: docker knows no "compose" here: it is a plugin, to be installed beside it',
  ])
})
