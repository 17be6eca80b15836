import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Checkout, makeCheckout } from '../support/machines/checkout.ts'

let checkout: Checkout
beforeAll(async () => {
  checkout = await makeCheckout({ installed: true })
})
afterAll(() => checkout[Symbol.asyncDispose]())

/** Containers made by runs of the tool since then, from the engine's own events. */
const startedSince = async (since: number): Promise<string[]> => {
  const filters = ['--filter', 'event=create', '--filter', 'label=po-migrate.run']
  const window = ['--since', String(since), '--until', String(Date.now() / 1000)]
  const { stdout } = await execa('docker', [
    'events',
    ...window,
    ...filters,
    '--format',
    '{{.Actor.Attributes.name}}',
  ])
  return stdout.split('\n').filter(Boolean)
}

describe('make, from a clone', () => {
  it('lists its targets when called without one', async () => {
    const { exit, stdout } = await checkout.run('make')
    expect(exit).toBe(0)
    for (const target of [
      'demo',
      'dev',
      'db-migrate-dev',
      'db-migrate-qual',
      'db-new-migration',
      'test',
      'bench',
      'images',
    ])
      expect(stdout).toMatch(new RegExp(`^ {2}${target} +\\S`, 'm'))
  })

  it('brings the dev stack up and migrates it with one command', async () => {
    const { exit, all } = await checkout.run('make dev')
    expect(all).toMatch(
      /dev: 7 migrations applied in .*\.\n {2}iam {7}1 migration .*\n {2}calendar {2}5 migrations .*\n {2}rag {7}1 migration /,
    )
    expect(exit).toBe(0)
    const status = await checkout.run('infrastructure/scripts/po-migrate status dev --json')
    const { environments } = JSON.parse(status.stdout)
    expect(environments[0].databases.map((database: { pending: number }) => database.pending)).toEqual([
      0, 0, 0,
    ])
  })

  it('has nothing to do the second time, and starts no container for it', async () => {
    const since = Date.now() / 1000
    const { exit, stdout } = await checkout.run('make db-migrate-dev')
    expect({ exit, stdout }).toEqual({
      exit: 0,
      stdout: 'dev: nothing to do, 7 migrations applied in 3 databases.',
    })
    expect(await startedSince(since)).toEqual([])
  })

  it('writes the next migration, and the next run applies it to its database alone', async () => {
    const created = await checkout.run('make db-new-migration DB=calendar NAME=add_colour')
    expect(created.stdout).toBe('infrastructure/migrations/calendar/00012_add_colour.sql')
    writeFileSync(
      join(checkout.directory, created.stdout),
      '-- migrate:up\ncreate table colours (name text primary key);\n\n-- migrate:down\ndrop table colours;\n',
    )
    const status = await checkout.run('make db-status-dev')
    expect(status.stdout).toContain('calendar  5 applied, 1 pending')
    const since = Date.now() / 1000
    const { exit, stdout } = await checkout.run('make db-migrate-dev DB=calendar')
    expect(exit).toBe(0)
    expect(stdout).toMatch(/^dev: 1 migration applied in .* \(calendar: 00012\)\.$/)
    expect(await startedSince(since)).toHaveLength(1)
  })

  it.each(['a;touch pwned', '$(touch pwned)', '../../pwned', "a' b", 'A'])(
    'refuses the name %s for a migration',
    async (name) => {
      const { exit, stderr } = await checkout.run('make db-new-migration DB=calendar NAME="$ODD"', {
        env: { ODD: name.replaceAll('$', '$$$$') },
      })
      expect(exit).toBe(2)
      expect(stderr).toContain('cannot be part of a file name')
      expect(existsSync(join(checkout.directory, 'pwned'))).toBe(false)
    },
  )

  it.each(['nosuch', '../iam', 'iam; touch pwned'])('refuses the database %s', async (name) => {
    const { exit, stderr } = await checkout.run('make db-migrate-dev DB="$ODD"', { env: { ODD: name } })
    expect(exit).toBe(2)
    expect(stderr).toContain(`Unknown database "${name}"`)
    expect(existsSync(join(checkout.directory, 'pwned'))).toBe(false)
  })
})

describe('make bench', () => {
  it('applies the same files by all runners, says how their times compare, and draws it', async () => {
    // Without a swarm, which another file may have by now.
    const small = { NAMED_DATABASES: '4', DATABASES: '2', MOST_DATABASES: '3' }
    const env = { ROUNDS: '1', LARGE_ROUNDS: '1', SWARM_ROUNDS: '0', ...small }
    const { exit, all, stdout } = await checkout.run('make bench', { env })
    expect(exit, all).toBe(0)
    const ratio = String.raw`[\d.]+ times as fast as bash \([\d.]+ to [\d.]+\), [\d.]+ times as fast as dbmate`
    expect(stdout).toMatch(new RegExp(`3 databases from empty, 30 files each: ${ratio}`))
    expect(stdout).toMatch(new RegExp(`3 databases, nothing pending: ${ratio}`))
    expect(stdout).toMatch(/3 databases, nothing pending: .* as fast as node-pg-migrate/)
    expect(stdout).toMatch(new RegExp(`2 databases, one file pending in each: ${ratio}`))
    expect(stdout).toMatch(/MiB at most, 3 databases, nothing pending: \d+/)
    expect(stdout).toMatch(/3 databases, a canary that fails, .*: \d+ ms/)
    expect(stdout).toMatch(/a rehearsal adds, in starts of a scratch server: [\d.]+/)
    expect(stdout).toMatch(/seconds beyond the scratch server's start, drift of 300 tables.*: [\d.]+/)
    const drawn = await checkout.run(
      'cd docs/benchmarks && cat files.svg databases.svg results.json README.md',
    )
    expect(drawn.exit, drawn.all).toBe(0)
  })
})

describe('starting over', () => {
  it('resets the dev stack by make db-reset-dev', async () => {
    const { exit, all } = await checkout.run('make db-reset-dev', { env: { PO_ABORT_WINDOW: '1' } })
    expect(exit, all).toBe(0)
    expect(all).toContain('is wiped in 1 s; Ctrl-C keeps everything as it is')
    expect(all).toContain('dev: cutover done.')
    const status = await checkout.run('infrastructure/scripts/po-migrate status dev --exit-code')
    expect(status.exit, status.all).toBe(0)
  })

  it('refuses make db-cutover-vps without CONFIRM=yes', async () => {
    const { exit, stderr } = await checkout.run('make db-cutover-vps', { env: { PO_MIGRATE_HERE: '1' } })
    expect(exit).toBe(2)
    expect(stderr).toContain('po-migrate cutover vps --confirm yes')
  })
})

describe('the shims', () => {
  it('answer the exit code of the tool, from any directory', async () => {
    const shim = join(checkout.directory, 'infrastructure/scripts/migrate.sh')
    const again = await checkout.run(`bash '${shim}' dev`, { cwd: '/' })
    expect(again).toMatchObject({ exit: 0 })
    expect(await checkout.run(`bash '${shim}' nowhere`, { cwd: '/' })).toMatchObject({ exit: 2 })
    const linked = await checkout.run(`ln -s '${shim}' link && ./link dev`)
    expect(linked).toMatchObject({ exit: 0 })
  })

  it('say what to type when the bundle is missing', async () => {
    const { exit, stderr } = await checkout.run(
      'mv dist away; infrastructure/scripts/po-migrate --version; code=$?; mv away dist; exit $code',
    )
    expect(exit).toBe(2)
    expect(stderr).toContain('npm ci && npm run build')
  })
})

describe('the VPS, with PO_MIGRATE_HERE=1', () => {
  it('migrates qual and prod side by side on one Postgres', async () => {
    const env = { PO_MIGRATE_HERE: '1' }
    await checkout.run(
      `docker rm --force ${checkout.names.PO_DEV_PROJECT}-postgres-1; docker volume rm ${checkout.names.PO_VOLUME}`,
    )
    writeFileSync(
      join(checkout.directory, 'infrastructure/compose/.env.shared'),
      'POSTGRES_PASSWORD=\'a:b@c/d $e "f"\'\n',
      { mode: 0o600 },
    )
    expect(await checkout.run('infrastructure/scripts/po-migrate start vps', { env })).toMatchObject({
      exit: 0,
    })
    const migrate = (args: string) => checkout.run(`bash infrastructure/scripts/migrate.sh ${args}`, { env })
    const [qual, prod] = await Promise.all([migrate('qual'), migrate('prod --confirm yes')])
    expect(qual.stdout).toMatch(
      /^qual: 8 migrations applied in .*\.\n {2}iam_qual {7}1 migration .*\n {2}calendar_qual {2}6 migrations .*\n {2}rag_qual {7}1 migration .*$/,
    )
    expect(prod.stdout).toMatch(
      /prod: 8 migrations applied in .*\.\n {2}iam_prod {7}1 migration .*\n {2}calendar_prod {2}6 migrations .*\n {2}rag_prod {7}1 migration .*$/,
    )
    expect(await migrate('prod')).toMatchObject({ exit: 0 })
  })

  it('refuses prod without a confirmation when something is pending', async () => {
    const env = { PO_MIGRATE_HERE: '1' }
    await checkout.run('make db-new-migration DB=iam NAME=later')
    const { exit, stderr } = await checkout.run('bash infrastructure/scripts/migrate.sh prod', { env })
    expect(exit).toBe(4)
    expect(stderr).toContain('→ po-migrate up prod --confirm yes')
  })
})
