import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { watchSessions } from '../support/postgres/watch-sessions.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runTool, type ToolResult } from '../support/tool/tool.ts'

/** A server for 20 sessions, of which three are the superuser's, as the official image has it. */
let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
  await postgres.psql('postgres', 'alter system set max_connections = 20')
  await docker(['restart', '--time', '10', postgres.container])
  for (let tries = 0; tries < 50; tries++)
    if ((await postgres.psql('postgres', 'show max_connections').catch(() => '')) === '20') break
}, 180_000)
afterAll(() => postgres[Symbol.asyncDispose]())

const table = { '00001_a.sql': migration('create table a (id int);') }
const storeOf = (count: number, prefix: string): Store =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}_${index + 1}`, table]))

const project = (store: Store, connections?: number): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
    edit: (config) => {
      if (connections !== undefined) config.connections = connections
    },
  })

const up = ({ directory }: Project): Promise<ToolResult> => runTool(['up', 'dev'], { cwd: directory })

const open = async (name: string): Promise<pg.Client> => {
  const client = new pg.Client({
    host: postgres.address,
    user: 'postgres',
    password: postgres.password,
    database: 'postgres',
    application_name: name,
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

type Application = AsyncDisposable & { end: () => Promise<void> }

/** An application that holds so many sessions. */
const serve = async (sessions: number): Promise<Application> => {
  const clients: pg.Client[] = []
  for (let index = 0; index < sessions; index++) clients.push(await open('application'))
  const end = async (): Promise<void> => {
    await Promise.all(clients.splice(0).map((client) => client.end()))
  }
  return { end, [Symbol.asyncDispose]: end }
}

describe('a server with few sessions', () => {
  it('migrates 30 databases beside an application, and never has more open than the config allows', async () => {
    await using _application = await serve(10)
    using files = project(storeOf(30, 'few'))
    const watcher = await watchSessions(postgres)
    const { exit, stdout, stderr } = await up(files)
    const most = await watcher.stop()
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).toContain('30 migrations applied')
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(8)
  }, 600_000)

  it('needs no more than four where the config says four', async () => {
    using files = project(storeOf(6, 'four'), 4)
    const watcher = await watchSessions(postgres)
    expect((await up(files)).exit).toBe(0)
    expect(await watcher.stop()).toBeLessThanOrEqual(4)
  }, 300_000)

  it('migrates 110 databases', async () => {
    using files = project(storeOf(110, 'many'))
    const { exit, stdout, stderr } = await up(files)
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).toContain('110 migrations applied')
  }, 1_200_000)

  it('is waited for while all sessions are taken, and says so', async () => {
    const application = await serve(20)
    using files = project({ waited: table })
    const running = up(files)
    setTimeout(() => void application.end(), 3000)
    const { exit, stderr } = await running
    expect(exit).toBe(0)
    expect(stderr).toContain('Postgres has no free session; waiting')
  })

  it('is no fault of a file when no session comes free', async () => {
    using files = project({ blocked: table })
    await using _application = await serve(18)
    const { exit, stderr } = await up(files)
    expect([1, 6]).toContain(exit)
    expect(stderr).not.toContain('correct ')
    expect(stderr).not.toContain('00001_a.sql failed')
    expect(stderr).toMatch(/no more sessions|no free session/)
    expect(stderr).toContain('pg_stat_activity')
  })
})
