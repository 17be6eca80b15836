import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { docker, uniqueName } from '../support/engine/docker.ts'
import { startDockerProxy } from '../support/engine/docker-proxy.ts'
import { dbmateImage, postgresImage } from '../support/engine/images.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { makeProject, migration, type Project, type ProjectOptions } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

const postgres = usePostgres()

const store = { lost: { '00001_a.sql': migration('create table a (id int);') } }
const project = (network: string, edit?: ProjectOptions['edit']): Project =>
  makeProject({ network, store, ...(edit && { edit }) })

const up = ({ directory }: Project, env: Record<string, string> = {}) =>
  runTool(['up', 'dev'], { cwd: directory, env })

const seconds = async <T>(work: () => Promise<T>): Promise<{ result: T; took: number }> => {
  const started = performance.now()
  return { result: await work(), took: (performance.now() - started) / 1000 }
}

/**
 * A run against an engine that takes connections and never answers: none can be had, so a socket that does just that
 * stands in. It starts first and is looked at last, since it is all waiting.
 */
const runAgainstSilence = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pmt-hang-'))
  const clients = new Set<Socket>()
  const server = createServer((client) => void clients.add(client))
  await new Promise<void>((resolve) => server.listen(join(directory, 'docker.sock'), resolve))
  try {
    using files = project('any')
    return await seconds(() => up(files, { DOCKER_HOST: `unix://${join(directory, 'docker.sock')}` }))
  } finally {
    for (const client of clients) client.destroy()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

let hanging: ReturnType<typeof runAgainstSilence>
beforeAll(() => {
  hanging = runAgainstSilence()
})

describe('Docker', () => {
  it('that does not answer at its socket is 6, with the endpoint and the remedy', async () => {
    using files = project('any')
    const { exit, stderr } = await up(files, { DOCKER_HOST: 'unix:///nonexistent/docker.sock' })
    expect(exit).toBe(6)
    expect(stderr).toContain('No Docker engine answers at unix:///nonexistent/docker.sock')
    expect(stderr).toContain('→ start Docker, then: docker version')
  })

  it('that refuses the connection is 6', async () => {
    using files = project('any')
    const { exit, stderr } = await up(files, { DOCKER_HOST: 'tcp://127.0.0.1:1' })
    expect(exit).toBe(6)
    expect(stderr).toContain('No Docker engine answers at tcp://127.0.0.1:1: ECONNREFUSED')
  })

  it('over ssh is 6 and says that this tool does not drive it', async () => {
    using files = project('any')
    const { exit, stderr } = await up(files, { DOCKER_HOST: 'ssh://deploy@example.invalid' })
    expect(exit).toBe(6)
    expect(stderr).toContain('cannot drive over ssh')
  })

  it('with a context that does not exist is 6', async () => {
    using files = project('any')
    const env = { DOCKER_HOST: '', DOCKER_CONTEXT: 'no-such-context' }
    const { exit, stderr } = await up(files, env)
    expect(exit).toBe(6)
    expect(stderr).toContain('The Docker context "no-such-context" cannot be read')
  })
})

describe('the network', () => {
  const stack = { file: 'compose.yml', project: 'pmt-no-such-stack' }
  it.each([
    { title: 'that creates it', local: { stack }, says: '→ po-migrate start local' },
    { title: 'to write the stack that start needs', local: {}, says: 'set hosts.local.stack in the config' },
  ])('that is missing is 6, with the command $title', async ({ local, says }) => {
    using files = project('pmt-no-such-network', (config) => Object.assign(config.hosts, { local }))
    const { exit, stderr } = await up(files)
    expect(exit).toBe(6)
    expect(stderr).toContain('The Docker network pmt-no-such-network of dev does not exist here')
    expect(stderr).toContain(says)
  })
})

describe('Postgres', () => {
  const network = uniqueName('lost')
  const started: string[] = []
  beforeAll(() => docker(['network', 'create', network]))
  afterEach(async () => {
    if (started.length > 0) await docker(['rm', '--force', '--volumes', ...started.splice(0)])
  })
  afterAll(() => docker(['network', 'rm', network]))

  /** A container that answers to `postgres` on the network of this block. */
  const start = async (verb: 'run' | 'create', ...args: string[]): Promise<string> => {
    const name = uniqueName('lost')
    const detach = verb === 'run' ? ['--detach'] : []
    const place = ['--name', name, '--network', network, '--network-alias', 'postgres']
    started.push(name)
    await docker([verb, ...detach, ...place, ...args])
    return name
  }

  it('that is not on the network is 6', async () => {
    using files = project(network)
    const { exit, stderr } = await up(files)
    expect(exit).toBe(6)
    expect(stderr).toContain(
      `Postgres of dev is not running on ${network}: nothing answers to "postgres" there`,
    )
  })

  it('that was never started is 6, and says so', async () => {
    const name = await start('create', postgresImage)
    using files = project(network)
    const { exit, stderr } = await up(files)
    expect(exit).toBe(6)
    expect(stderr).toContain(`${name} is created`)
  })

  it('that has stopped is 6, with how it ended', async () => {
    const name = await start('run', postgresImage, 'sh', '-c', 'exit 3')
    await docker(['wait', name])
    using files = project(network)
    const { exit, stderr } = await up(files)
    expect(exit).toBe(6)
    expect(stderr).toContain(`${name} is exited (3)`)
    expect(stderr).toContain(`→ docker start ${name}`)
  })

  it('that shares its name with another container is 4, naming both', async () => {
    const names = [
      await start('run', postgresImage, 'sleep', '60'),
      await start('run', postgresImage, 'sleep', '60'),
    ]
    using files = project(network)
    const { exit, stderr } = await up(files)
    expect(exit).toBe(4)
    expect(stderr).toContain('Several containers answer to "postgres"')
    for (const name of names) expect(stderr).toContain(name)
    expect(stderr).toMatch(/→ write into the config, under environments\.dev: service: pmt-lost-\S+, or /)
  })

  it('that runs something else is 6 after the wait of the config', async () => {
    const name = await start('run', postgresImage, 'sleep', '60')
    using files = project(network, (config) => {
      config.environments.dev.wait = 1
    })
    const { result, took } = await seconds(() => up(files))
    expect(result.exit).toBe(6)
    expect(result.stderr).toContain(`Postgres on ${name} cannot be reached`)
    expect(result.stderr).toContain(`→ docker logs --tail 20 ${name}`)
    expect(took).toBeGreaterThan(0.9)
    expect(took).toBeLessThan(5)
  })

  it('that is still initialising is waited for, no longer than the config says', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pmt-slow-'))
    const name = await start(
      'create',
      '--env',
      'POSTGRES_PASSWORD=postgres',
      postgresImage,
      '-c',
      'fsync=off',
    )
    writeFileSync(join(directory, 'slow.sh'), 'sleep 4\n')
    await docker(['cp', join(directory, 'slow.sh'), `${name}:/docker-entrypoint-initdb.d/slow.sh`])
    rmSync(directory, { recursive: true })
    await docker(['start', name])
    using hasty = project(network, (config) => {
      config.environments.dev.wait = 1
    })
    const early = await seconds(() => up(hasty))
    expect(early.result.exit).toBe(6)
    expect(early.took).toBeLessThan(4)
    using patient = project(network)
    const { exit, stdout } = await up(patient)
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining('1 migration applied') })
  })

  it('that is paused is 6, with the command that wakes it', async () => {
    await docker(['pause', postgres.container])
    try {
      using files = project(postgres.network)
      const { result, took } = await seconds(() => up(files))
      expect(result.exit).toBe(6)
      expect(result.stderr).toContain(`${postgres.name}, is paused`)
      expect(result.stderr).toContain(`→ docker unpause ${postgres.name}`)
      expect(took).toBeLessThan(5)
    } finally {
      await docker(['unpause', postgres.container])
    }
  })

  it('whose process is stopped takes the connection and never answers: 6, and no hang', async () => {
    const name = await start('run', '--env', 'POSTGRES_PASSWORD=postgres', postgresImage, '-c', 'fsync=off')
    using files = project(network)
    const status = () => runTool(['status', 'dev'], { cwd: files.directory })
    expect(await status()).toMatchObject({ exit: 0 })
    await docker(['kill', '--signal', 'STOP', name])
    const { result, took } = await seconds(status)
    expect(result.exit).toBe(6)
    expect(result.stdout).toContain(`Postgres on ${name} cannot be reached`)
    expect(took).toBeLessThan(10)
    await docker(['kill', '--signal', 'CONT', name])
  })

  it.each(['plan', 'status', 'up'])('that refuses the user of the config is 6 for %s', async (verb) => {
    using files = project(postgres.network, (config) => {
      config.environments.dev.user = 'nobody_here'
    })
    const { exit, stdout, stderr } = await runTool([verb, 'dev'], { cwd: files.directory })
    expect(exit).toBe(6)
    expect(stdout + stderr).toContain('"nobody_here"')
  })
})

describe("dbmate's image", () => {
  it('that is missing where no registry answers is 6, and no database is touched', async () => {
    const image = '127.0.0.1:1/dbmate:2.36.0'
    using files = project(postgres.network, (config) => {
      config.dbmate.image = image
    })
    const { exit, stderr } = await up(files)
    expect(exit).toBe(6)
    expect(stderr).toContain(`The image ${image} is not on this machine and cannot be pulled`)
    expect(stderr).toContain(`→ docker pull ${image}`)
    expect(stderr).toMatch(/lost +untouched/)
    expect(await postgres.psql('postgres', "select count(*) from pg_database where datname = 'lost'")).toBe(
      '0',
    )
  })

  it('is not needed when nothing is pending', async () => {
    using present = makeProject({ network: postgres.network, store: { imageless: store.lost } })
    expect(await up(present)).toMatchObject({ exit: 0 })
    using absent = makeProject({
      network: postgres.network,
      store: { imageless: store.lost },
      edit: (config) => {
        config.dbmate.image = '127.0.0.1:1/dbmate:2.36.0'
      },
    })
    expect(await up(absent)).toMatchObject({ exit: 0, stdout: expect.stringContaining('nothing to do') })
  })
})

describe('where containers have no route from here', () => {
  let far: TestPostgres
  beforeAll(async () => {
    far = await startPostgres()
    // Postgres' container answers nothing to this machine any more, as behind Docker Desktop's virtual machine.
    const gateway = await docker([
      'network',
      'inspect',
      far.network,
      '--format',
      '{{(index .IPAM.Config 0).Gateway}}',
    ])
    const route = ['ip', 'route', 'add', 'blackhole', `${gateway}/32`]
    const inside = ['--network', `container:${far.container}`, '--cap-add', 'NET_ADMIN', '--user', '0']
    await docker(['run', '--rm', ...inside, '--entrypoint', '/bin/busybox', dbmateImage, ...route])
  })
  afterAll(() => far[Symbol.asyncDispose]())

  it('applies, and reads the state, through a stream of docker exec', async () => {
    using files = project(far.network)
    await using proxy = await startDockerProxy()
    expect(await up(files, proxy.env)).toMatchObject({ exit: 0 })
    expect(proxy.requests()).toContain(`POST /containers/${far.container}/exec`)
    expect(await far.psql('lost', 'select version from schema_migrations')).toBe('00001')
    expect(await runTool(['status', 'dev', '--exit-code'], { cwd: files.directory })).toMatchObject({
      exit: 0,
    })
  })

  it('refuses a wrong password there too, although loopback inside the container is trusted', async () => {
    using files = makeProject({ network: far.network, store, password: 'wrong' })
    const { result, took } = await seconds(() => up(files))
    expect(result.exit).toBe(6)
    expect(result.stderr).toContain('refused the password')
    expect(took).toBeLessThan(3)
  })
})

describe('Docker that hangs', () => {
  it('is 6 after a bounded wait', async () => {
    const { result, took } = await hanging
    expect(result.exit).toBe(6)
    expect(result.stderr).toMatch(/No Docker engine answers at .*: no answer within 10 s\./)
    expect(took).toBeLessThan(20)
  })
})
