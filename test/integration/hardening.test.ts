import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runTool, type ToolResult } from '../support/tool/tool.ts'

/** A password that would show anywhere, in any of its forms. */
const password = 'Sentinel-91c4 @:/?#%$&=+"\\ü€ end'
const forms = [password, encodeURIComponent(password), 'Sentinel-91c4', JSON.stringify(password).slice(1, -1)]

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres({ POSTGRES_PASSWORD: password })
})
afterAll(() => postgres[Symbol.asyncDispose]())

const leaks = (text: string): string[] => forms.filter((form) => text.includes(form))

const runContainers = async (runId: string): Promise<string[]> =>
  (await docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.run=${runId}`]))
    .split('\n')
    .filter(Boolean)

const dbmateContainer = (environment: string): Promise<string> =>
  eventually('the dbmate container to run', () =>
    docker(['ps', '--quiet', '--filter', `label=po-migrate.environment=${environment}`]),
  )

/** An environment of a name that no other test has, so that its container is the only one with that label. */
const project = (environment: string, up: string): Project =>
  makeProject({
    network: postgres.network,
    password,
    store: { [environment]: { '00001_a.sql': migration(up), '00002_b.sql': migration('select 2;') } },
    edit: (config) => {
      config.environments = { [environment]: config.environments.dev }
    },
  })

type Seen = {
  result: ToolResult
  // biome-ignore lint/suspicious/noExplicitAny: Docker's own document
  inspected: any
  processes: string
  listing: string
  id: string
}

/** Looks at everything while a slow migration runs, and at what is left after it. */
const watch = async (environment: string, files: Project): Promise<Seen> => {
  const running = runTool(['up', environment, '--json'], { cwd: files.directory })
  const id = await dbmateContainer(environment)
  // Other files' runs are in that list, too.
  await eventually('dbmate to run', async () =>
    (await run('ps', ['-eo', 'args'])).stdout.includes(`/planned/files/${environment}/`) ? true : undefined,
  )
  const [inspected, processes, listing] = await Promise.all([
    docker(['inspect', id]),
    run('ps', ['-eo', 'args']),
    docker(['exec', id, 'find', '/planned', '-type', 'f']),
  ])
  const [document] = JSON.parse(inspected)
  return { result: await running, inspected: document, processes: processes.stdout, listing, id }
}

describe('the dbmate container', () => {
  let seen: Seen
  beforeAll(async () => {
    using files = project('hardened', 'select pg_sleep(3);')
    seen = await watch('hardened', files)
  })

  it('runs as nobody on a read-only root, without capabilities, and with limits', () => {
    const { Config, HostConfig } = seen.inspected
    expect(Config.User).toBe('65534:65534')
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 64,
      Memory: 512 * 2 ** 20,
      Privileged: false,
      Binds: null,
      AutoRemove: false,
    })
    expect(HostConfig.Tmpfs['/planned']).toContain('mode=0700')
    expect(HostConfig.Tmpfs['/planned']).toContain('uid=65534')
  })

  it('carries the run and the environment as labels', () => {
    const { run: runId } = readEvents(seen.result).started
    expect(seen.inspected.Config.Labels).toMatchObject({
      'po-migrate.run': runId,
      'po-migrate.environment': 'hardened',
    })
  })

  it('holds the planned files and the password file, and nothing else', () => {
    expect(seen.listing.split('\n').sort()).toEqual([
      '/planned/.pgpass',
      '/planned/files/hardened/00001/00001_a.sql',
      '/planned/files/hardened/00002/00002_b.sql',
    ])
  })

  it('shows the password neither in docker inspect, nor in a process list, nor in a stream', () => {
    expect(seen.result.exit).toBe(0)
    expect(seen.processes).toContain('/planned/files/hardened/00001')
    const places = [JSON.stringify(seen.inspected), seen.processes, seen.result.stdout, seen.result.stderr]
    expect(places.flatMap(leaks)).toEqual([])
  })

  it('is gone when the run ends', async () => {
    expect(await runContainers(readEvents(seen.result).started.run)).toEqual([])
    expect((await run('docker', ['inspect', seen.id])).exit).toBe(1)
  })
})

describe('a run that fails', () => {
  it('leaves no container and no password behind', async () => {
    using files = project('hardened_fail', "do $$ begin raise exception 'no'; end $$;")
    const result = await runTool(['up', 'hardened_fail', '--json'], { cwd: files.directory })
    expect(result.exit).toBe(1)
    expect(await runContainers(readEvents(result).started.run)).toEqual([])
    expect([result.stdout, result.stderr].flatMap(leaks)).toEqual([])
  })

  it('leaves no container behind when its dbmate is killed, and says so', async () => {
    using files = project('hardened_kill', 'create table a (id int); select pg_sleep(20);')
    const running = runTool(['up', 'hardened_kill', '--json'], { cwd: files.directory })
    const id = await dbmateContainer('hardened_kill')
    await eventually('the migration to run', async () =>
      (await postgres.psql(
        'postgres',
        "select count(*) from pg_stat_activity where query like '%pg_sleep(20)%' and pid <> pg_backend_pid()",
      )) === '1'
        ? true
        : undefined,
    )
    await docker(['kill', id])
    const result = await running
    expect(result.exit).toBe(1)
    const { finished, started } = readEvents(result)
    expect(finished.error?.message).toContain('00001_a.sql: dbmate ended before it answered')
    expect(await runContainers(started.run)).toEqual([])
  })

  it('leaves no container behind when an interrupt arrives', async () => {
    using files = project('hardened_stop', 'select pg_sleep(1);')
    const interrupt = new AbortController()
    const running = runTool(['up', 'hardened_stop', '--json'], {
      cwd: files.directory,
      interrupt: interrupt.signal,
    })
    await dbmateContainer('hardened_stop')
    interrupt.abort('SIGTERM')
    const result = await running
    expect(result.exit).toBe(143)
    expect(await runContainers(readEvents(result).started.run)).toEqual([])
  })

  it('does not show the password when Postgres repeats it in an error', async () => {
    const hex = Buffer.from(password).toString('hex')
    const shown = `convert_from(decode('${hex}', 'hex'), 'utf8')`
    using files = project(
      'hardened_echo',
      `do $$ begin raise exception '%', ${shown} using detail = ${shown}, hint = 'echoed'; end $$;`,
    )
    const result = await runTool(['up', 'hardened_echo'], { cwd: files.directory })
    expect(result.exit).toBe(1)
    expect(leaks(result.stdout + result.stderr)).toEqual([])
    expect(result.stderr).toContain('failed: [redacted]')
    expect(result.stderr).toContain('DETAIL: [redacted]')
    expect(result.stderr).toContain('HINT: echoed')
  })
})
