import { afterAll, beforeAll, expect, it } from 'vitest'
import { docker, eventually, run, uniqueName } from '../support/engine/docker.ts'
import { startDockerProxy } from '../support/engine/docker-proxy.ts'
import { postgresImage } from '../support/engine/images.ts'
import { makeProject, migration } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

const network = uniqueName('six')
const name = uniqueName('postgres')

beforeAll(async () => {
  const block = Math.floor(Math.random() * 0xffff).toString(16)
  await docker(['network', 'create', '--ipv6', '--subnet', `fd5a:${block}::/64`, network])
  const place = ['--network', network, '--network-alias', 'postgres', '--name', name]
  await docker(['run', '--detach', ...place, '--env', 'POSTGRES_PASSWORD=postgres', postgresImage])
  const ready = ['exec', name, 'sh', '-c', 'pg_isready --quiet --host "$HOSTNAME"']
  await eventually('Postgres', async () => (await run('docker', ready)).exit === 0 || undefined, 60_000)
})
afterAll(async () => {
  await docker(['rm', '--force', '--volumes', name])
  await docker(['network', 'rm', network])
})

/** An engine that tells of no IPv4 address, as one does of a network without any: JSON takes the spaces. */
const withoutFour = async () => {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  const address = await docker(['inspect', '--format', format, name])
  return startDockerProxy({
    edit: (answer) =>
      answer.replaceAll(`"IPAddress":"${address}"`, '"IPAddress":""'.padEnd(address.length + 14)),
  })
}

it('a network without IPv4 is migrated by its IPv6 address, and not at localhost', async () => {
  await using proxy = await withoutFour()
  const record = 'create table met as select host(inet_server_addr()) as address;'
  using files = makeProject({ network, store: { six: { '00001_a.sql': migration(record) } } })
  const env = { ...proxy.env, XDG_STATE_HOME: files.directory, XDG_CACHE_HOME: files.directory }
  const result = await runTool(['up', 'dev'], { cwd: files.directory, env })
  expect(result, result.stderr).toMatchObject({ exit: 0 })
  const address = await docker(['exec', name, 'psql', '-U', 'postgres', '-d', 'six', '-XAtqc', 'table met'])
  expect(address).toMatch(/^fd5a:/)
  const again = await runTool(['status', 'dev', '--exit-code'], { cwd: files.directory, env })
  expect(again).toMatchObject({ exit: 0, stderr: '' })
})
