import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectDocker } from '../../src/io/docker/docker.ts'
import { resolveEndpoint } from '../../src/io/docker/endpoint.ts'
import { holdVolume } from '../../src/io/docker/volume-guard.ts'
import { guardName } from '../../src/io/docker/volume-holder.ts'
import { runShell } from '../../src/io/host/shell.ts'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'
import { makeStacks, type Stacks } from '../support/platform/stacks.ts'
import { runTool, type ToolOptions, type ToolResult } from '../support/tool/tool.ts'

let stacks: Stacks
/** Of another user of the machine: nothing in it tells of the first one's runs. */
let other: { PO_STATE: string }
const tool = (args: string, options: Partial<ToolOptions> = {}): Promise<ToolResult> =>
  runTool(args.split(' '), { cwd: stacks.directory, ...options, env: { ...stacks.env, ...options.env } })
const psql = (sql: string): Promise<string> => {
  const postgres = `${stacks.env.PO_DEV_PROJECT}-postgres-1`
  return docker(['exec', postgres, 'psql', '-U', 'postgres', '-d', 'iam', '-XAtqc', sql])
}
const guard = (): string => guardName(stacks.env.PO_VOLUME ?? '')
const isHeld = async (): Promise<true | undefined> =>
  (await run('docker', ['inspect', guard()])).exit === 0 ? true : undefined

/** Whether a file sleeps on the server. */
const isSleeping = async (): Promise<true | undefined> => {
  const sleeping = "query like '%pg_sleep(%' and state = 'active' and pid <> pg_backend_pid()"
  return (await psql(`select count(*) from pg_stat_activity where ${sleeping}`)) === '1' || undefined
}

beforeAll(async () => {
  stacks = makeStacks()
  stacks.env.PO_ABORT_WINDOW = '0'
  other = { PO_STATE: join(stacks.directory, 'other-state') }
  mkdirSync(other.PO_STATE)
  const made = await tool('cutover dev')
  expect(made.exit, made.stderr).toBe(0)
  await psql('create table mine as select generate_series(1, 3)')
}, 300_000)
afterAll(() => stacks[Symbol.asyncDispose]())

/** A PATH on which there is no flock. */
const flockless = async (): Promise<string> => {
  const bin = mkdtempSync(join(stacks.directory, 'bin-'))
  for (const name of ['docker', 'git', 'sh'])
    symlinkSync((await run('which', [name])).stdout.trim(), join(bin, name))
  return bin
}

describe('two state directories on one volume', { timeout: 300_000 }, () => {
  it('while one cuts over, nobody of the other acts on the volume or writes to it: exit 5, naming it', async () => {
    const interrupt = new AbortController()
    const running = tool('cutover dev', { interrupt: interrupt.signal, env: { PO_ABORT_WINDOW: '240' } })
    await eventually('the guard', isHeld)
    for (const args of [
      'cutover dev',
      'cutover dev --undo',
      'start dev',
      'up dev',
      'rollback dev --db iam',
      'backup dev',
    ]) {
      const { exit, stderr } = await tool(`${args} --lock-wait 0`, { env: other })
      expect({ args, exit, stderr }).toMatchObject({ exit: 5 })
      expect(stderr).toContain(`The volume ${stacks.env.PO_VOLUME} is held by another run: `)
      expect(stderr).toContain('"po-migrate cutover dev"')
    }
    expect(await tool('status dev', { env: other })).toMatchObject({ exit: 0 })
    interrupt.abort('SIGINT')
    expect((await running).exit).toBe(130)
    expect(await isHeld()).toBeUndefined()
    expect(await psql('select count(*) from mine')).toBe('3')
  })

  it.each([
    ['with flock', async () => process.env.PATH],
    ['without flock', flockless],
  ])(
    'two cutovers at once %s: one goes, its copy stays, and its undoing brings every row back',
    async (_, path) => {
      const PATH = await path()
      const both = await Promise.all([
        tool('cutover dev --lock-wait 0', { env: { PATH } }),
        tool('cutover dev --lock-wait 0', { env: { PATH, ...other } }),
      ])
      expect(both.map(({ exit }) => exit).sort(), both.map(({ stderr }) => stderr).join('\n')).toEqual([0, 5])
      expect(await psql("select to_regclass('mine') is null")).toBe('t')
      const winner = both[0]?.exit === 0 ? {} : other
      expect(await tool('cutover dev --undo', { env: { PATH, ...winner } })).toMatchObject({ exit: 0 })
      expect(await psql('select count(*) from mine')).toBe('3')
    },
  )

  it('a cutover waits for an up of the other, and stops no server under it', async () => {
    const file = 'infrastructure/migrations/iam/00099_slow.sql'
    stacks.write(
      file,
      '-- migrate:up\nselect pg_sleep(30); create table slow (id int);\n\n-- migrate:down\ndrop table slow;\n',
    )
    const up = tool('up dev --db iam', { env: other })
    await eventually('the file to run', isSleeping)
    const { exit, stderr } = await tool('cutover dev --lock-wait 0')
    expect({ exit, stderr }).toMatchObject({ exit: 5 })
    expect(stderr).toContain('iam is locked by another run')
    expect(await up).toMatchObject({ exit: 0 })
    expect(await psql('select count(*) from slow, mine')).toBe('0')
  })
})

describe('a run that waited for its databases while somebody took the volume', { timeout: 300_000 }, () => {
  it('is refused (5) at once, since that one waits for the databases in its turn', async () => {
    const file = 'infrastructure/migrations/iam/00100_slow.sql'
    stacks.write(file, '-- migrate:up\nselect pg_sleep(15);\n\n-- migrate:down\nselect 1;\n')
    const first = tool('up dev --db iam')
    await eventually('the file to run', isSleeping)
    const second = tool('up dev --db iam', { env: other })
    const holding = "datname = 'postgres' and query like '/* po-migrate%'"
    await eventually(
      'the second to wait',
      async () =>
        (await psql(`select count(*) >= 2 from pg_stat_activity where ${holding}`)) === 't' || undefined,
    )
    const engine = await connectDocker(await resolveEndpoint(process.env, runShell))
    await using _guard = await holdVolume(engine, {
      volume: stacks.env.PO_VOLUME ?? '',
      images: [postgresImage],
      holder: { run: 'x', user: 'anna', host: 'vps', pid: 1, command: 'po-migrate cutover dev', since: '' },
      wait: 0,
      interrupt: new AbortController().signal,
      onWait: () => {},
    })
    expect(await first).toMatchObject({ exit: 0 })
    expect(await second).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining(`The volume ${stacks.env.PO_VOLUME} is held by another run: anna@vps`),
    })
  })
})

describe('a cutover whose guard is gone', { timeout: 300_000 }, () => {
  it('begins no further step, says so with both commands, and is resumed', async () => {
    const copies = (): Promise<string> =>
      docker(['volume', 'ls', '--quiet', '--filter', `label=po-migrate.copy-of=${stacks.env.PO_VOLUME}`])
    const before = await copies()
    const running = tool('cutover dev')
    await eventually('the copy', async () => (await copies()) !== before || undefined)
    await docker(['rm', '--force', guard()])
    const { exit, stderr } = await running
    expect({ exit, stderr }).toMatchObject({ exit: 1 })
    expect(stderr).toContain(`The guard of the volume ${stacks.env.PO_VOLUME} is gone.`)
    expect(stderr).toContain('po-migrate cutover dev --resume')
    expect(stderr).toContain('po-migrate cutover dev --undo')
    expect(stderr).toContain(`The volume ${stacks.env.PO_VOLUME} is as it was.`)
    expect(await tool('cutover dev --resume')).toMatchObject({ exit: 0 })
    expect(await isHeld()).toBeUndefined()
    expect(await tool('cutover dev --undo')).toMatchObject({ exit: 0 })
    expect(await psql('select count(*) from mine')).toBe('3')
  })
})
