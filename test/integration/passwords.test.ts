import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker, run, uniqueName } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'
import { makeProject, migration } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

/** How an env file writes a password that must be taken as it is: by .env.shared.example's advice. */
const quote = (password: string): string =>
  password.endsWith('\\')
    ? `"${password.replace(/[\\"$]/g, '\\$&')}"`
    : `'${password.replaceAll("'", "\\'")}'`

const passwords = [
  { what: 'the separators of a URL', password: '=a@b:c/d?e#f%g&h=i+j' },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what compose would replace
  { what: 'percent-encoding and dollars', password: '%41%2F% $HOME ${PATH} $$ $(id) `id`' },
  { what: 'spaces at both ends, and a comment that is none', password: '  two  spaces #def ' },
  { what: 'both quotes', password: `it's "quoted"` },
  { what: 'backslashes, one of them last', password: 'back\\slash \\n *:\\:* \\' },
  { what: 'letters beyond ASCII', password: 'üßé€日本🔑' },
  { what: 'letters that NFKC changes', password: 'ＦＵＬＬ①ﬁ½' },
] as const

/** One Postgres a password, in one compose project: each takes its password by env_file, as shared.yml does. */
const compose = (network: string): string =>
  JSON.stringify({
    services: Object.fromEntries(
      passwords.map((_, index) => [
        `postgres-${index}`,
        {
          image: postgresImage,
          command: ['-c', 'fsync=off'],
          env_file: [`${index}.env`],
          networks: ['net'],
          healthcheck: {
            test: ['CMD-SHELL', 'pg_isready --quiet --host "$$HOSTNAME"'],
            interval: '1s',
            retries: 60,
          },
        },
      ]),
    ),
    networks: { net: { name: network } },
  })

const network = uniqueName('passwords')
const directory = mkdtempSync(join(tmpdir(), 'pmt-passwords-'))
const composeArgs = (...args: string[]): string[] => [
  'compose',
  '--project-name',
  network,
  '--file',
  join(directory, 'compose.json'),
  ...args,
]

const containerOf = (index: number): string => `${network}-postgres-${index}-1`

beforeAll(async () => {
  writeFileSync(join(directory, 'compose.json'), compose(network))
  for (const [index, { password }] of passwords.entries())
    writeFileSync(join(directory, `${index}.env`), `POSTGRES_PASSWORD=${quote(password)}\n`)
  await docker(composeArgs('up', '--detach', '--wait', '--wait-timeout', '120'))
})
afterAll(async () => {
  await docker(composeArgs('down', '--volumes', '--timeout', '0'))
  rmSync(directory, { recursive: true, force: true })
})

const project = (service: string, env: string) => {
  const made = makeProject({
    network,
    store: { pass: { '00001_a.sql': migration('create table a (id int);') } },
    edit: (config) => {
      config.environments.dev.service = service
    },
  })
  made.write('infrastructure/postgres.env', env)
  return made
}

const psqlOverTcp = (index: number, password: string) =>
  run(
    'docker',
    [
      'exec',
      '--env',
      'PGPASSWORD',
      containerOf(index),
      'sh',
      '-c',
      'psql --host "$HOSTNAME" --username postgres --no-password -XAtc "select 1"',
    ],
    { env: { PGPASSWORD: password } },
  )

describe('a password', () => {
  it.each(passwords.map((entry, index) => ({ ...entry, index })))(
    'with $what is the same in the container and in the tool',
    async ({ password, index }) => {
      const echo = ['sh', '-c', 'printf "%s" "[$POSTGRES_PASSWORD]"']
      const seen = await docker(['exec', containerOf(index), ...echo])
      expect(seen).toBe(`[${password}]`)
      using files = project(`postgres-${index}`, `POSTGRES_PASSWORD=${quote(password)}\n`)
      const result = await runTool(['up', 'dev'], { cwd: files.directory })
      expect(result).toMatchObject({ exit: 0, stdout: expect.stringContaining('1 migration applied') })
      expect(await psqlOverTcp(index, password)).toMatchObject({ exit: 0, stdout: '1\n' })
    },
  )

  it('with a newline is refused before anything is asked of Docker', async () => {
    using files = project('postgres-0', 'POSTGRES_PASSWORD="two\\nlines"\n')
    const result = await runTool(['up', 'dev'], {
      cwd: files.directory,
      env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
    })
    expect(result.exit).toBe(2)
    expect(result.stderr).toContain('contains a newline')
    expect(result.stderr).not.toContain('two')
  })

  it('that is wrong is told at once, with the remedy, and does not count as a server that is starting', async () => {
    using files = project('postgres-1', `POSTGRES_PASSWORD='not it'\n`)
    const started = performance.now()
    const { exit, stderr } = await runTool(['up', 'dev'], { cwd: files.directory })
    expect(exit).toBe(6)
    expect(performance.now() - started).toBeLessThan(3000)
    expect(stderr).toContain('refused the password of "postgres"')
    expect(stderr).toContain(`→ docker exec -it ${containerOf(1)} psql`)
    expect(stderr).toContain(join(files.directory, 'infrastructure/postgres.env'))
    expect(stderr).not.toContain('not it')
  })

  it('is not taken from the shell of the operator', async () => {
    using files = project('postgres-3', `POSTGRES_PASSWORD=${quote(passwords[3].password)}\n`)
    const result = await runTool(['status', 'dev'], {
      cwd: files.directory,
      env: { POSTGRES_PASSWORD: 'from the shell', PGPASSWORD: 'from the shell' },
    })
    expect(result).toMatchObject({ exit: 0 })
  })
})
