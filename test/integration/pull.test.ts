import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectDocker } from '../../src/io/docker/docker.ts'
import { resolveEndpoint } from '../../src/io/docker/endpoint.ts'
import { pullImage } from '../../src/io/docker/image.ts'
import { readRegistryCredentials } from '../../src/io/docker/registry-auth.ts'
import { runShell } from '../../src/io/host/shell.ts'
import { docker, run, uniqueName } from '../support/engine/docker.ts'
import { dbmateImage } from '../support/engine/images.ts'
import { startRegistry, type TestRegistry } from '../support/engine/registry.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { baseEnv, runTool } from '../support/tool/tool.ts'

let postgres: TestPostgres
let registry: TestRegistry
let image: string

/** dbmate's image with a layer of its own: one that this engine has nowhere else, so that there is something to load. */
const push = async (): Promise<void> => {
  const name = uniqueName('layer')
  const pad = 'head -c 4000000 /dev/urandom > /tmp/pad'
  await docker(['run', '--name', name, '--entrypoint', 'sh', dbmateImage, '-c', pad])
  await docker(['commit', name, image])
  await docker(['rm', name])
  await docker(['push', image], { env: { DOCKER_CONFIG: registry.configs.login } })
}

const forget = () => run('docker', ['image', 'rm', image])
const isHere = async (): Promise<boolean> => (await run('docker', ['image', 'inspect', image])).exit === 0

beforeAll(async () => {
  ;[postgres, registry] = await Promise.all([startPostgres(), startRegistry()])
  image = `${registry.address}/tools/dbmate:2.36.0`
  await push()
  await forget()
})
afterAll(async () => {
  await forget()
  await registry[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

const project = (database: string, reference = image): Project =>
  makeProject({
    network: postgres.network,
    store: { [database]: { '00001_a.sql': migration('create table a (id int);') } },
    edit: (config) => {
      config.dbmate.image = reference
    },
  })

const exists = async (database: string): Promise<boolean> =>
  (await postgres.psql('postgres', `select 1 from pg_database where datname = '${database}'`)) === '1'

describe('a missing image', () => {
  it("is pulled as a step of the plan, with the operator's docker login, and then used", async () => {
    expect(await isHere()).toBe(false)
    using files = project('pulled')
    const env = { DOCKER_CONFIG: registry.configs.login }
    const result = await runTool(['up', 'dev', '--json'], { cwd: files.directory, env })
    expect(result.exit).toBe(0)
    const { started, steps } = readEvents(result)
    expect(started.plan?.steps[0]).toEqual({ step: 1, kind: 'pull-image', image })
    expect(steps.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'pull-image done',
      'create-database done',
      'apply-migration done',
    ])
    expect(await isHere()).toBe(true)
    expect(await exists('pulled')).toBe(true)
    await forget()
  })

  it('tells how much of it has come', async () => {
    const engine = await connectDocker(await resolveEndpoint(baseEnv(), runShell))
    const env = { ...baseEnv(), DOCKER_CONFIG: registry.configs.login }
    const seen: { done: number; total: number }[] = []
    await pullImage(engine, {
      reference: image,
      registry: registry.address,
      credentials: await readRegistryCredentials(registry.address, env, runShell),
      onProgress: (bytes) => void seen.push(bytes),
    })
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.at(-1)?.total).toBeGreaterThan(3_900_000)
    expect(seen.every(({ done, total }) => done > 0 && done <= total)).toBe(true)
    await forget()
  })

  const refused = [
    {
      title: 'without a login',
      config: 'none',
      says: 'no login is stored for it',
      hint: () => `docker login ${registry.address}`,
    },
    {
      title: 'with a login that is no longer right',
      config: 'stale',
      says: 'the login stored for it was refused',
      hint: () => `docker login ${registry.address}`,
    },
  ] as const
  it.each(refused)('is denied $title: 6, nothing touched', async ({ config, says, hint }) => {
    using files = project('denied')
    const env = { DOCKER_CONFIG: registry.configs[config] }
    const { exit, stderr } = await runTool(['up', 'dev'], { cwd: files.directory, env })
    expect(exit).toBe(6)
    expect(stderr).toContain(`The image ${image} was denied by ${registry.address}`)
    expect(stderr).toContain(says)
    expect(stderr).toContain(`→ ${hint()}`)
    expect(stderr).toMatch(/denied +untouched/)
    expect(await exists('denied')).toBe(false)
  })

  it('that the registry does not have is 6, nothing touched', async () => {
    using files = project('absent', `${registry.address}/tools/dbmate:9.9.9`)
    const env = { DOCKER_CONFIG: registry.configs.login }
    const { exit, stderr } = await runTool(['up', 'dev'], { cwd: files.directory, env })
    expect(exit).toBe(6)
    expect(stderr).toContain(`The image ${registry.address}/tools/dbmate:9.9.9 does not exist`)
    expect(stderr).toContain('→ correct dbmate.image in the config')
    expect(await exists('absent')).toBe(false)
  })

  it('with a digest that is not its own is 6, nothing touched', async () => {
    using files = makeProject({
      network: postgres.network,
      store: { pinned: { '00001_a.sql': migration('select 1;') } },
      edit: (config) => {
        config.dbmate = { image, digest: `sha256:${'0'.repeat(64)}` }
      },
    })
    const env = { DOCKER_CONFIG: registry.configs.login }
    const { exit } = await runTool(['up', 'dev'], { cwd: files.directory, env })
    expect(exit).toBe(6)
    expect(await exists('pinned')).toBe(false)
  })

  it('is 6 when the registry is down, nothing touched', async () => {
    await registry.stop()
    using files = project('down')
    const env = { DOCKER_CONFIG: registry.configs.login }
    const { exit, stderr } = await runTool(['up', 'dev'], { cwd: files.directory, env })
    expect(exit).toBe(6)
    expect(stderr).toContain(`The image ${image} is not on this machine and cannot be pulled`)
    expect(stderr).toContain(`→ docker pull ${image}`)
    expect(await exists('down')).toBe(false)
  })
})

// Changing an engine's settings is done to an engine that the project's own script started, and to no other.
describe.runIf(process.env.PO_ENGINE_OWNED === '1')('an engine with registry-mirrors', () => {
  const engine = (mirror: string) =>
    run('infrastructure/scripts/test-engine.sh', ['start', '--own', '--mirror', mirror], {
      env: { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME, PO_ENGINE_DIR: process.env.PO_ENGINE_DIR },
    })

  it('gives an image of Docker Hub from the mirror', async () => {
    await using mirror = await startRegistry({ open: true })
    const tag = uniqueName('mirrored')
    const [onMirror, onHub] = [`${mirror.address}/amacneil/dbmate:${tag}`, `amacneil/dbmate:${tag}`]
    await docker(['tag', dbmateImage, onMirror])
    await docker(['push', onMirror])
    await docker(['image', 'rm', onMirror])
    try {
      expect((await engine(mirror.address)).exit).toBe(0)
      using files = project('mirrored', onHub)
      const { exit, stderr } = await runTool(['up', 'dev'], { cwd: files.directory })
      expect(exit, stderr).toBe(0)
      expect(await exists('mirrored')).toBe(true)
    } finally {
      await engine('')
      await run('docker', ['image', 'rm', onHub])
    }
  })
})
