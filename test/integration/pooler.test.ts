import { describe, expect, it } from 'vitest'
import { docker, eventually, uniqueName } from '../support/engine/docker.ts'
import { pgbouncerImage } from '../support/engine/images.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

const postgres = usePostgres()

type Mode = { pool: 'session' | 'transaction'; ignores: string; auth: string }

const configOf = ({ pool, ignores, auth }: Mode): string => `[databases]
* = host=${postgres.address} port=5432 user=postgres password=postgres
[pgbouncer]
listen_addr = *
listen_port = 5432
auth_type = ${auth}
auth_file = /tmp/users
pool_mode = ${pool}
default_pool_size = 1
ignore_startup_parameters = ${ignores}
unix_socket_dir =
`

/** pgbouncer in front of Postgres, on a network where it is who answers to `postgres`. */
const startPooler = async (mode: Mode) => {
  const network = uniqueName('pooler')
  await docker(['network', 'create', network])
  const name = uniqueName('pgbouncer')
  const script = `printf '%s' "$CONFIG" >/tmp/pgbouncer.ini; echo '"postgres" "postgres"' >/tmp/users; exec pgbouncer /tmp/pgbouncer.ini`
  const where = ['--network', postgres.network, '--env', `CONFIG=${configOf(mode)}`]
  await docker(['run', '--detach', '--name', name, ...where, pgbouncerImage, 'sh', '-c', script])
  await docker(['network', 'connect', '--alias', 'postgres', network, name])
  await eventually(
    'pgbouncer to listen',
    async () =>
      await docker(['exec', name, 'bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/5432 && echo up']).catch(
        () => '',
      ),
  )
  return {
    network,
    name,
    [Symbol.asyncDispose]: async () => {
      await docker(['rm', '--force', name])
      await docker(['network', 'rm', network])
    },
  }
}

const project = (network: string): Project =>
  makeProject({ network, store: { pooled: { '00001_a.sql': migration('create table a (id int);') } } })

const ignored = 'options, extra_float_digits'
const count = (sql: string): Promise<string> => postgres.psql('postgres', `select count(*) from ${sql}`)

describe('a connection pooler in place of Postgres', () => {
  it.each<Mode>([
    { pool: 'transaction', ignores: ignored, auth: 'scram-sha-256' },
    { pool: 'session', ignores: ignored, auth: 'scram-sha-256' },
    { pool: 'transaction', ignores: ignored, auth: 'any' },
    { pool: 'transaction', ignores: 'extra_float_digits', auth: 'scram-sha-256' },
  ])(
    '($pool mode, $auth, ignoring $ignores) is refused with 4, and nothing is locked through it',
    async (mode) => {
      await using pooler = await startPooler(mode)
      using files = project(pooler.network)
      for (const verb of ['up dev', 'plan dev', 'lock release dev']) {
        const { exit, stdout, stderr } = await runTool(verb.split(' '), { cwd: files.directory })
        expect({ verb, exit, said: stdout + stderr }).toMatchObject({
          exit: 4,
          said: expect.stringContaining(`A connection pooler answers for ${pooler.name}`),
        })
        expect(stdout + stderr).toContain(
          '→ set service: and port: under environments.dev to Postgres itself',
        )
      }
      expect(await count("pg_locks where locktype = 'advisory'")).toBe('0')
      expect(await count("pg_database where datname = 'pooled'")).toBe('0')
    },
  )
})
