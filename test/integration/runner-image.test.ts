import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { docker, eventually } from '../support/engine/docker.ts'
import { configMapOf, containerOf, podOf } from '../support/kubernetes/manifests.ts'
import { endOf, type Pod, type PodEnd, type Projection, startPod } from '../support/kubernetes/run-pod.ts'
import { buildRunnerImage, buildStoreImage, runnerImage } from '../support/kubernetes/runner-image.ts'
import { type Authority, makeAuthority } from '../support/postgres/certificates.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { root } from '../support/root.ts'
import { migration } from '../support/tool/project.ts'

let postgres: TestPostgres
let authority: Authority
const host = 'postgres.data.svc'
const password = "mi'gr@t:or \\ $x"

/** The server of the examples: by that name, encrypted, with their user. */
const secure = async ({ container, psql }: TestPostgres): Promise<void> => {
  const { cert, key } = authority.issue('server', `DNS:${host}`)
  const write = (name: string, text: string): Promise<string> =>
    docker([
      ...['exec', '--user', 'postgres', container, 'sh', '-c'],
      `umask 077; printf '%s' '${text}' >"$PGDATA/${name}"`,
    ])
  await write('server.crt', cert)
  await write('server.key', key)
  await psql('postgres', "alter system set ssl = 'on'")
  await psql('postgres', 'select pg_reload_conf()')
  const literal = password.replaceAll("'", "''")
  await psql('postgres', `create role migrator superuser login password '${literal}'`)
}

beforeAll(async () => {
  authority = makeAuthority()
  await buildRunnerImage()
  postgres = await startPostgres()
  await secure(postgres)
}, 400_000)
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
  authority[Symbol.dispose]()
})

afterEach(() => postgres.psql('postgres', 'drop database if exists shop with (force)'))

const run = async (...args: string[]): Promise<PodEnd> => {
  const name = `pmt-runner-${process.pid}-${Date.now()}`
  await docker(['run', '--detach', '--name', name, ...args])
  try {
    return await endOf({ name } as Pod)
  } finally {
    await docker(['rm', '--force', name])
  }
}
const hardened = ['--read-only', '--cap-drop', 'ALL', '--user', '65534:65534', '--tmpfs', '/tmp']

const config = (change = ''): string => `project: shop
environments:
  prod:
    engine: native
    wait: 0
    server:
      host: ${host}
      user: migrator
      password: { env_file: { path: secret, format: value } }
      tls: { mode: require }
${change}`
const files = (sql: string, change = ''): Record<string, string> => ({
  'migrate.yaml': config(change),
  secret: password,
  REVISION: '0123456789abcdef0123456789abcdef01234567',
  'migrations/shop/00001_a.sql': migration(sql),
})
const known = (): string[] => ['--network', postgres.network, '--add-host', `${host}:${postgres.address}`]

describe('the runner image', () => {
  it('needs no root, no capability, no file system but /tmp and no network but the server’s', async () => {
    await using store = await buildStoreImage('plain', files('create table a (id int);'))
    const before = await run(...known(), ...hardened, store.image, 'plan', 'prod', '--exit-code')
    expect(before).toMatchObject({ exit: 3, output: expect.stringContaining('00001_a.sql') })
    const up = await run(...known(), ...hardened, store.image, 'up', 'prod')
    expect(up).toMatchObject({ exit: 0, output: expect.stringContaining('1 migration applied') })
    expect(await postgres.versions('shop')).toBe('00001')
    const row = await postgres.psql('shop', 'select dbmate, git_commit from po_migrate.ledger')
    expect(row).toBe('dbmate 2.36.0|0123456789abcdef0123456789abcdef01234567')
    const status = await run(...known(), ...hardened, store.image, 'status', 'prod', '--exit-code')
    expect(status).toMatchObject({ exit: 0, output: expect.stringContaining('1 applied') })
  })

  it('runs as any user, whom nobody knows', async () => {
    await using store = await buildStoreImage('anybody', files('create table a (id int);'))
    const user = ['--read-only', '--cap-drop', 'ALL', '--user', '1234567:89', '--tmpfs', '/tmp']
    expect(await run(...known(), ...user, store.image, 'up', 'prod')).toMatchObject({ exit: 0 })
  })

  it('says what it lacks where nothing can be written, and begins nothing', async () => {
    await using store = await buildStoreImage('readonly', files('create table a (id int);'))
    const up = await run(...known(), '--read-only', store.image, 'up', 'prod')
    expect(up.exit).toBe(2)
    expect(up.output).toContain('in a container: --tmpfs /tmp')
    expect(up.output).toContain('Nothing was touched')
  })

  it('is built from what its context keeps of a checkout', () => {
    const directory = mkdtempSync(join(tmpdir(), 'pmt-context-'))
    const kept = readFileSync(join(root, '.dockerignore'), 'utf8').match(/(?<=^!).+/gm) ?? []
    for (const path of kept) cpSync(join(root, path), join(directory, path), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
    try {
      execFileSync(process.execPath, ['build.ts'], { cwd: directory, stdio: 'pipe' })
      const version = execFileSync(process.execPath, ['bin/po-migrate.cjs', '--version'], { cwd: directory })
      expect(String(version)).toMatch(/^\d+\.\d+\.\d+\n$/)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('holds what the docs say, and nothing secret or superfluous', async () => {
    const [, ...layers] = (
      await docker(['image', 'inspect', '--format', '{{json .RootFS.Layers}}', runnerImage])
    ).split(',')
    // Of files: Node, dbmate, the bundle; and a directory to work in.
    expect(layers.length).toBeLessThanOrEqual(4)
    const size = Number(await docker(['image', 'inspect', '--format', '{{.Size}}', runnerImage]))
    expect(size / 1e6).toBeLessThan(260)
    const versions = await run(
      '--network',
      'none',
      ...hardened,
      '--entrypoint',
      'dbmate',
      runnerImage,
      '--version',
    )
    expect(versions.output).toContain('2.36.0')
    const help = await run('--network', 'none', ...hardened, runnerImage)
    expect(help).toMatchObject({ exit: 0, output: expect.stringContaining('po-migrate') })
  })
})

/** The Job of the examples, with other files where a test has some. */
const startJob = (data: Record<string, string> = configMapOf('job.yaml'), args?: string[]): Promise<Pod> => {
  const pod = podOf('job.yaml')
  const items = pod.volumes?.flatMap(({ configMap }) => configMap?.items ?? []) ?? []
  const work: Projection = {
    files: Object.fromEntries(items.map(({ key, path }) => [path, data[key] ?? ''])),
    mode: 0o644,
  }
  return startPod({
    pod,
    container: containerOf('job.yaml'),
    image: runnerImage,
    network: postgres.network,
    hosts: { [host]: postgres.address },
    volumes: { work, secret: { files: { password: `${password}\n`, 'ca.crt': authority.ca }, mode: 0o440 } },
    ...(args && { args }),
  })
}
const file = 'shop-00001_customers.sql'
const withFile = (sql: string): Record<string, string> => ({
  ...configMapOf('job.yaml'),
  [file]: migration(sql, 'drop table customers;'),
})

describe('the Job of deploy/kubernetes, as a container of Docker with its rights, volumes and limits', () => {
  it('migrates from a ConfigMap by a Secret, encrypted, and a second one finds nothing to do', async () => {
    await using first = await startJob()
    const ended = await endOf(first)
    expect(ended.output).toContain('1 migration applied')
    expect(ended).toMatchObject({ exit: 0, oomKilled: false })
    await using second = await startJob()
    expect(await endOf(second)).toMatchObject({ exit: 0, output: expect.stringContaining('nothing to do') })
  })

  it('ends with 1 for a file that fails, and Postgres’ words are in its log', async () => {
    await using job = await startJob(withFile('select nothing;'))
    const { exit, output } = await endOf(job)
    expect(output).toContain('column "nothing" does not exist')
    expect(exit).toBe(1)
  })

  it('ends with 2 and 4 for what another try would not change', async () => {
    const data = configMapOf('job.yaml')
    await using wrong = await startJob({ ...data, 'migrate.yaml': 'environments: 1\n' })
    expect(await endOf(wrong)).toMatchObject({ exit: 2 })
    await using refused = await startJob(data, ['up', 'prod', '--rehearse', 'schema'])
    expect(await endOf(refused)).toMatchObject({ exit: 4, output: expect.stringContaining('no Docker') })
  })

  it('ends with 5 while another run is at work, and with 6 where the server refuses it', async () => {
    await using slow = await startJob(withFile('create table customers (id int);\nselect pg_sleep(8);'))
    await eventually('the file to run', atWork)
    await using second = await startJob(withFile('create table customers (id int);'), [
      'up',
      'prod',
      '--lock-wait',
      '0',
    ])
    expect(await endOf(second)).toMatchObject({ exit: 5 })
    expect(await endOf(slow)).toMatchObject({ exit: 0 })
    await postgres.psql('postgres', "alter role migrator password 'another'")
    await using refused = await startJob()
    expect(await endOf(refused)).toMatchObject({ exit: 6 })
    await postgres.psql('postgres', `alter role migrator password '${password.replaceAll("'", "''")}'`)
  })

  it('leaves a database that the next pod settles, when its node dies in mid-file', async () => {
    await using job = await startJob(withFile('create table customers (id int);\nselect pg_sleep(60);'))
    await eventually('the file to run', atWork)
    await docker(['kill', '--signal', 'KILL', job.name])
    expect(await endOf(job)).toMatchObject({ exit: 137 })
    await using next = await startJob(withFile('create table customers (id int);'))
    expect(await endOf(next)).toMatchObject({ exit: 0 })
    const outcomes = await postgres.psql(
      'shop',
      "select string_agg(outcome, ' ' order by id) from po_migrate.ledger",
    )
    expect(outcomes).toBe('failed done')
  })
})

const atWork = async (): Promise<boolean> =>
  (await postgres.psql(
    'postgres',
    "select count(*) from pg_stat_activity where query ~ 'pg_sleep' and application_name ~ ' dbmate$'",
  )) === '1'

describe('the hook of a chart, which runs an image that holds its files', () => {
  const startHook = (image: string): Promise<Pod> =>
    startPod({
      pod: podOf('helm-hook.yaml'),
      container: containerOf('helm-hook.yaml'),
      image,
      network: postgres.network,
      hosts: { [host]: postgres.address },
      volumes: { secret: { files: { password }, mode: 0o440 } },
    })
  const hookFiles = (sql: string): Record<string, string> => {
    const { secret: _, ...held } = files(sql)
    return {
      ...held,
      'migrate.yaml': config().replace('path: secret', 'path: /run/secrets/po-migrate/password'),
      'migrations/shop/00002_b.sql': migration('create table b (id int);'),
    }
  }

  it('finishes its file when the pod is ended, starts no other, and the next pod goes on', async () => {
    await using store = await buildStoreImage(
      'hook',
      hookFiles('create table a (id int);\nselect pg_sleep(5);'),
    )
    await using hook = await startHook(store.image)
    await eventually('the file to run', atWork)
    await docker(['kill', '--signal', 'TERM', hook.name])
    const { exit, output } = await endOf(hook)
    expect(output).toContain('Interrupted by SIGTERM; the running step was finished.')
    expect(exit).toBe(143)
    expect(await postgres.versions('shop')).toBe('00001')
    await using next = await startHook(store.image)
    expect(await endOf(next)).toMatchObject({
      exit: 0,
      output: expect.stringContaining('1 migration applied'),
    })
    expect(await postgres.versions('shop')).toBe('00001 00002')
  })
})
