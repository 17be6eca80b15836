import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectDocker, type Docker } from '../../src/io/docker/docker.ts'
import { resolveEndpoint } from '../../src/io/docker/endpoint.ts'
import { execSocket } from '../../src/io/docker/exec-stream.ts'
import { runShell } from '../../src/io/host/shell.ts'
import { openServer, type Server } from '../../src/io/postgres/postgres.ts'
import { Secret } from '../../src/model/secret.ts'
import { docker, eventually, run, uniqueName } from '../support/engine/docker.ts'
import { dbmateImage } from '../support/engine/images.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { baseEnv } from '../support/tool/tool.ts'

let postgres: TestPostgres
let engine: Docker
/** Busybox without bash in Postgres' network: an image in which the relay has to be nc, as in Alpine's. */
const alpine = uniqueName('nc')

beforeAll(async () => {
  postgres = await startPostgres()
  engine = await connectDocker(await resolveEndpoint(baseEnv(), runShell))
  const inside = ['--name', alpine, '--network', `container:${postgres.container}`]
  await docker(['run', '--detach', ...inside, '--entrypoint', 'sleep', dbmateImage, '300'])
})
afterAll(async () => {
  await docker(['rm', '--force', alpine])
  await postgres[Symbol.asyncDispose]()
})

type Options = { container?: string; password?: string; port?: number; wait?: number }

const open = ({
  container = postgres.container,
  password = 'postgres',
  port = 5432,
  wait = 5000,
}: Options = {}): Server =>
  openServer({
    label: postgres.name,
    host: postgres.address,
    port,
    credentials: { user: 'postgres', password: new Secret(password) },
    applicationName: 'exec-stream-test',
    socket: () => execSocket(engine, { container, address: postgres.address, port }),
    wait,
    passwordHint: 'correct the password',
  })

const relays = async (container: string): Promise<number> =>
  (await docker(['top', container, '-eo', 'pid,args']))
    .split('\n')
    .filter((line) => /dev\/tcp|\bnc \d| cat$/.test(line)).length

const big = 3_000_000

describe.each([
  { relay: 'bash', container: () => postgres.container },
  { relay: 'nc', container: () => alpine },
])('a session over docker exec, relayed by $relay', ({ container }) => {
  it('carries megabytes both ways', async () => {
    await using server = open({ container: container() })
    const [row] = await server.query<{ text: string; length: number }>(
      'postgres',
      "select repeat('ü', $2) as text, length($1) as length",
      ['x'.repeat(big), big],
    )
    expect(row?.length).toBe(big)
    expect(row?.text.length).toBe(big)
    expect(/^ü+$/.test(row?.text ?? '')).toBe(true)
  })

  it('serves several databases side by side', async () => {
    await using server = open({ container: container() })
    const ask = (database: string) =>
      server.query<{ name: string }>(database, 'select current_database() as name')
    const rows = await Promise.all([ask('postgres'), ask('template1'), ask('postgres')])
    expect(rows.flat().map(({ name }) => name)).toEqual(['postgres', 'template1', 'postgres'])
  })

  it('ends with the server: no session and no relay stays', async () => {
    {
      await using server = open({ container: container() })
      await server.query('postgres', 'select 1')
      expect(await relays(container())).toBeGreaterThan(0)
    }
    const sql = "select count(*) from pg_stat_activity where application_name = 'exec-stream-test'"
    await eventually(
      'the session to end',
      async () => (await postgres.psql('postgres', sql)) === '0' || undefined,
    )
    await eventually('the relay to end', async () => (await relays(container())) === 0 || undefined, 5000)
  })

  it('ends with the socket too, when the client dies without a goodbye', async () => {
    const socket = execSocket(engine, { container: container(), address: postgres.address, port: 5432 })
    const connected = new Promise((resolve) => socket.once('connect', resolve))
    ;(socket as Duplex & { connect: () => void }).connect()
    await connected
    await eventually('the relay to run', async () => (await relays(container())) > 0 || undefined)
    socket.destroy()
    await eventually('the relay to end', async () => (await relays(container())) === 0 || undefined, 5000)
  })

  it('fails, and does not hang, when Postgres ends the session; the next question gets a new one', async () => {
    await using server = open({ container: container() })
    const ending = server.query('postgres', 'select pg_terminate_backend(pg_backend_pid())')
    await expect(ending).rejects.toThrow(/terminat/i)
    expect(await server.query('postgres', 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('tells a wrong password at once', async () => {
    await using server = open({ container: container(), password: 'wrong', wait: 30_000 })
    await expect(server.query('postgres', 'select 1')).rejects.toMatchObject({ exitCode: 6 })
  })

  it('gives up on a port where nothing listens after its wait', async () => {
    await using server = open({ container: container(), port: 1, wait: 500 })
    await expect(server.query('postgres', 'select 1')).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining('cannot be reached'),
    })
  })
})

it('leaves nothing for Postgres to reap: as process 1 it takes a killed orphan for a crash and restarts', async () => {
  for (let round = 0; round < 8; round++) {
    await using server = open()
    await server.query('postgres', 'select 1')
  }
  const { stdout, stderr } = await run('docker', ['logs', postgres.container])
  expect(stdout + stderr).toContain('ready to accept connections')
  expect(stdout + stderr).not.toMatch(/terminated by signal|reinitializing/)
})

it('is an error, and no hang, for a container that is gone', async () => {
  await using server = open({ container: 'pmt-no-such-container', wait: 500 })
  await expect(server.query('postgres', 'select 1')).rejects.toMatchObject({ exitCode: 6 })
})
