import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readNextTransaction } from '../../src/io/docker/control-data.ts'
import { connectDocker } from '../../src/io/docker/docker.ts'
import { resolveEndpoint } from '../../src/io/docker/endpoint.ts'
import { readSystemIdentifier } from '../../src/io/docker/inside.ts'
import { runShell } from '../../src/io/host/shell.ts'
import { docker, eventually, run, uniqueName } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'

/** An image whose programs speak German: what is parsed is asked for in C. */
const image = `${uniqueName('german')}:17`
const server = uniqueName('german')

const inServer = (...command: string[]) => run('docker', ['exec', server, ...command])
const engine = async () => connectDocker(await resolveEndpoint(process.env, runShell))

beforeAll(async () => {
  const made = await docker(['create', postgresImage])
  await docker(['commit', '--change', 'ENV LANG=de_DE.UTF-8', made, image])
  await docker(['rm', made])
  const volume = `${server}:/var/lib/postgresql/data`
  const password = 'POSTGRES_PASSWORD=postgres'
  await docker(['run', '--detach', '--name', server, '--volume', volume, '--env', password, image])
  await eventually('Postgres', async () => (await inServer('pg_isready', '-qh', '127.0.0.1')).exit === 0)
})
afterAll(async () => {
  await docker(['rm', '--force', server])
  await docker(['volume', 'rm', server])
  await docker(['image', 'rm', image])
})

describe('an image that speaks German', () => {
  it('tells which server it is', async () => {
    const said = await inServer('sh', '-c', 'PATH=$PATH:/usr/lib/postgresql/17/bin; pg_controldata')
    expect(said.stdout).toContain('Datenbanksystemidentifikation')
    const query = 'select system_identifier from pg_control_system()'
    const { stdout } = await inServer('psql', '-U', 'postgres', '-XAtqc', query)
    expect(await readSystemIdentifier(await engine(), server)).toBe(stdout.trim())
  })

  it('tells where its server stopped', async () => {
    await docker(['stop', server])
    const owner = { volume: server, run: 'one', project: 'pmt' }
    const next = await readNextTransaction(await engine(), { volume: server, data: undefined, image, owner })
    expect(next).toBeGreaterThan(700n)
  })
})
