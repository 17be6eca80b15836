import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { doctorDocument } from '../../src/report/documents.ts'
import { docker, eventually, run, uniqueName } from '../support/engine/docker.ts'
import { postgresImage, standInImage } from '../support/engine/images.ts'
import { makeStacks, type Stacks } from '../support/platform/stacks.ts'
import { readEvents } from '../support/tool/events.ts'
import { runTool, type ToolOptions, type ToolResult } from '../support/tool/tool.ts'

type Run = (args: string, options?: Omit<ToolOptions, 'cwd'>) => Promise<ToolResult>
const runIn =
  ({ directory, env }: Stacks): Run =>
  (args, options = {}) =>
    runTool(args.split(' '), { cwd: directory, ...options, env: { ...env, ...options.env } })

const inspect = (format: string, ...names: string[]): Promise<string> =>
  docker(['inspect', '--format', format, ...names])

const exists = async (kind: 'network' | 'volume', name: string): Promise<boolean> =>
  (await run('docker', [kind, 'inspect', name])).exit === 0

const check = (stdout: string, title: string) =>
  doctorDocument.parse(JSON.parse(stdout)).checks.find((result) => result.title === title)

describe('the dev stack', () => {
  let stacks: Stacks
  let tool: Run
  const postgres = (): string => `${stacks.env.PO_DEV_PROJECT}-postgres-1`
  beforeAll(() => {
    stacks = makeStacks()
    tool = runIn(stacks)
  })
  afterAll(() => stacks[Symbol.asyncDispose]())

  it('is missing for doctor at first, with a remedy for each part and exit 1', async () => {
    const { exit, stdout } = await tool('doctor dev --json')
    expect(exit).toBe(1)
    const remedy = 'po-migrate doctor dev --fix'
    expect(check(stdout, 'network')).toMatchObject({ status: 'failed', remedy })
    expect(check(stdout, 'volume')).toMatchObject({ status: 'failed', remedy })
    expect(check(stdout, 'postgres')).toMatchObject({ status: 'skipped' })
  })

  it('gets its network and its volume from doctor --fix', async () => {
    const { stdout } = await tool('doctor dev --fix --json')
    expect(check(stdout, 'network')).toMatchObject({ status: 'fixed' })
    expect(check(stdout, 'volume')).toMatchObject({ status: 'fixed' })
    expect(check(stdout, 'postgres')).toMatchObject({ status: 'failed', remedy: 'po-migrate start dev' })
    expect(await exists('network', stacks.env.PO_DEV_NETWORK ?? '')).toBe(true)
    expect(await exists('volume', stacks.env.PO_VOLUME ?? '')).toBe(true)
  })

  it('is created, started and healthy after start, network and volume included', async () => {
    await docker(['network', 'rm', stacks.env.PO_DEV_NETWORK ?? ''])
    await docker(['volume', 'rm', stacks.env.PO_VOLUME ?? ''])
    const { steps } = readEvents(await tool('start dev --json'))
    expect(steps.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'create-network done',
      'create-volume done',
      'start-stack done',
    ])
    expect(await inspect('{{.State.Health.Status}}', postgres())).toBe('healthy')
  })

  it('stays as it is when it is started again', async () => {
    const before = await inspect('{{.Id}} {{.State.StartedAt}}', postgres())
    const { steps } = readEvents(await tool('start dev --json'))
    expect(steps.map(({ kind, status }) => `${kind} ${status}`)).toEqual(['start-stack done'])
    expect(await inspect('{{.Id}} {{.State.StartedAt}}', postgres())).toBe(before)
  })

  it('is migrated by up, and then all is well for doctor', async () => {
    const first = await tool('up dev')
    expect(first).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(
        /\n {2}iam {7}1 migration .*\n {2}calendar {2}5 migrations .*\n {2}rag {7}1 migration /,
      ),
    })
    expect(await tool('up dev')).toMatchObject({
      exit: 0,
      stdout: 'dev: nothing to do, 7 migrations applied in 3 databases.\n',
    })
    const { exit, stdout } = await tool('doctor dev --json')
    const found = doctorDocument.parse(JSON.parse(stdout)).checks
    expect(found.filter(({ status }) => status !== 'ok')).toEqual([])
    expect(exit).toBe(0)
  })

  it('refuses to start, and starts nothing, while another container mounts its volume', async () => {
    const holder = uniqueName('holder')
    expect(await stacks.compose('development', 'stop')).toMatchObject({ exit: 0 })
    const volume = `${stacks.env.PO_VOLUME}:/data`
    await docker(['run', '--detach', '--name', holder, '--volume', volume, postgresImage, 'sleep', '120'])
    try {
      const { exit, stderr } = await tool('start dev')
      expect(exit).toBe(4)
      expect(stderr).toContain(`The volume ${stacks.env.PO_VOLUME} is mounted by ${holder}`)
      expect(stderr).toContain(`→ docker stop ${holder}`)
      expect(await inspect('{{.State.Status}}', postgres())).toBe('exited')
      expect(check((await tool('doctor dev --json')).stdout, 'volume')).toMatchObject({ status: 'failed' })
    } finally {
      await docker(['rm', '--force', '--volumes', holder])
    }
    expect(await tool('start dev')).toMatchObject({ exit: 0 })
    expect(await tool('status dev --exit-code')).toMatchObject({ exit: 0 })
  })
})

describe('the stacks of the VPS', () => {
  let stacks: Stacks
  let tool: Run
  const here = { PO_MIGRATE_HERE: '1' }
  const password = `it's p@ss/$HOME #1`
  const services = ['iam-service', 'calendar-service', 'ai-service']
  const images = (): string[] => services.map((name) => `${stacks.env.REGISTRY}/${name}:trial`)
  const psql = (sql: string): Promise<string> =>
    docker(['exec', `${stacks.env.PO_SHARED_PROJECT}-postgres-1`, 'psql', '-U', 'postgres', '-XAtqc', sql])

  beforeAll(async () => {
    stacks = makeStacks()
    tool = runIn(stacks)
    const line = `POSTGRES_PASSWORD='${password.replaceAll("'", "\\'")}'\n`
    stacks.write('infrastructure/compose/.env.shared', line, 0o600)
    for (const image of images()) await docker(['tag', standInImage, image])
  })
  afterAll(async () => {
    await stacks[Symbol.asyncDispose]()
    await docker(['image', 'rm', ...images()])
  })

  it('are gone to by ssh from another machine: exit 6 when it cannot be reached', async () => {
    for (const args of ['up qual', 'start vps']) {
      const { exit, stderr } = await tool(args)
      expect(exit, stderr).toBe(6)
      expect(stderr).toContain('Could not reach vps (deploy@the-vps) by ssh')
      expect(stderr).toContain('Nothing was touched.')
    }
  })

  it('start with six empty databases, whatever password stands in the shell of the operator', async () => {
    const env = { ...here, POSTGRES_PASSWORD: 'from the shell', PGPASSWORD: 'from the shell' }
    const started = await tool('start vps', { env })
    expect(started).toMatchObject({ exit: 0 })
    expect(
      await psql("select string_agg(datname, ' ' order by datname) from pg_database where not datistemplate"),
    ).toBe('calendar_prod calendar_qual iam_prod iam_qual postgres rag_prod rag_qual')
    const container = `${stacks.env.PO_SHARED_PROJECT}-postgres-1`
    expect(await docker(['exec', container, 'sh', '-c', 'printf "%s" "$POSTGRES_PASSWORD"'])).toBe(password)
    expect(await tool('status qual', { env })).toMatchObject({ exit: 0 })
  })

  it('are not guessed at when their network exists on another machine too', async () => {
    const { exit, stderr } = await tool('up qual', { hostname: hostname() })
    expect(exit).toBe(4)
    expect(stderr).toContain(`its network ${stacks.env.PO_SHARED_NETWORK} exists here too`)
    expect(stderr).toContain('→ po-migrate up qual --here')
  })

  it('are acted on in place where the hostname is the one of the config', async () => {
    expect(await tool('status qual', { hostname: 'the-vps' })).toMatchObject({ exit: 0 })
  })

  it('have services that are healthy only once qual is migrated', async () => {
    expect(await stacks.compose('qualification', 'up', '--detach', '--no-build')).toMatchObject({ exit: 0 })
    const ids = (await stacks.compose('qualification', 'ps', '--all', '--quiet')).stdout.trim().split('\n')
    expect(ids).toHaveLength(3)
    const health = (): Promise<string> => inspect('{{.State.Health.Status}}', ...ids)
    const lastCheck = '{{range .State.Health.Log}}{{.ExitCode}} {{end}}'
    const failedOnly = (codes: string): boolean =>
      codes.trim() !== '' && !codes.trim().split(' ').includes('0')
    await eventually(
      'a health check of each service to fail',
      async () => (await inspect(lastCheck, ...ids)).split('\n').every(failedOnly) || undefined,
    )
    expect((await health()).split('\n')).not.toContain('healthy')
    expect(await tool('up qual', { env: here })).toMatchObject({ exit: 0 })
    await eventually(
      'the services to be healthy',
      async () => (await health()) === 'healthy\nhealthy\nhealthy' || undefined,
    )
  })

  it('are migrated for prod beside qual, with a confirmation, from any directory below', async () => {
    const cwd = join(stacks.directory, 'infrastructure/compose')
    const env = { ...stacks.env, ...here }
    expect(await runTool(['up', 'prod'], { cwd, env })).toMatchObject({ exit: 4 })
    expect(await psql("select count(*) from pg_stat_database where datname like '%prod'")).toBe('3')
    const [prod, qual] = await Promise.all([
      runTool(['up', 'prod', '--confirm', 'yes'], { cwd, env }),
      runTool(['up', 'qual'], { cwd, env }),
    ])
    expect(prod).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(
        /\n {2}iam_prod {7}1 migration .*\n {2}calendar_prod {2}5 migrations .*\n {2}rag_prod {7}1 migration /,
      ),
    })
    expect(qual).toMatchObject({ exit: 0, stdout: expect.stringContaining('nothing to do') })
  })

  it('tell of a secret that everyone can read', async () => {
    await run('chmod', ['0644', join(stacks.directory, 'infrastructure/compose/.env.shared')])
    const { exit, stdout } = await tool('doctor qual --json', { env: here })
    expect(exit).toBe(1)
    expect(check(stdout, 'password')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('chmod o-rwx'),
    })
  })
})

describe('init-multiple-databases.sh', () => {
  const script = join(import.meta.dirname, '../../infrastructure/scripts/init-multiple-databases.sh')
  const name = uniqueName('init')
  afterAll(() => docker(['rm', '--force', '--volumes', name]))

  it('creates databases of odd names, splits at commas and blanks, and does nothing the second time', async () => {
    const odd = ['we"ird', "o'dd", 'semi;colon', '$(id)', '*', '-dash', 'ünï', 'UPPER', 'back\\slash']
    const variables = [
      '--env',
      'POSTGRES_PASSWORD=x',
      '--env',
      `POSTGRES_MULTIPLE_DATABASES=,${odd.join(', ')},,`,
    ]
    await docker(['create', '--name', name, ...variables, postgresImage, '-c', 'fsync=off'])
    await docker(['cp', script, `${name}:/docker-entrypoint-initdb.d/init.sh`])
    await docker(['start', name])
    const ready = ['exec', name, 'sh', '-c', 'pg_isready --quiet --host "$HOSTNAME"']
    await eventually('Postgres', async () => (await run('docker', ready)).exit === 0 || undefined)
    const sql = 'select datname from pg_database where not datistemplate order by oid'
    const list = () => docker(['exec', name, 'psql', '-U', 'postgres', '-XAtqc', sql])
    expect((await list()).split('\n').sort()).toEqual(['postgres', ...odd].sort())
    const before = await list()
    expect(await run('docker', ['exec', name, 'bash', '/docker-entrypoint-initdb.d/init.sh'])).toMatchObject({
      exit: 0,
    })
    expect(await list()).toBe(before)
  })
})
