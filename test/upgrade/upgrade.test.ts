import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { docker, eventually } from '../support/engine/docker.ts'
import { killIn, newest, type Victim } from '../support/faults/victim.ts'
import { buildOldRelease, type OldRelease } from '../support/machines/old-release.ts'
import { makeStacks, type Stacks } from '../support/platform/stacks.ts'
import { startTool, type ToolProcess } from '../support/tool/process.ts'
import type { ToolResult } from '../support/tool/tool.ts'

const bundle = join(import.meta.dirname, '../../dist/po-migrate.cjs')
const config = 'infrastructure/migrate.yaml'
const oldConfig = 'infrastructure/before.yaml'

let old: OldRelease
let stacks: Stacks
let env: Record<string, string>
let state: string

/** One managed database, and few backups; the older release knows no `project:`. */
const writeConfigs = (directory: string): void => {
  const document = parseDocument(readFileSync(join(directory, config), 'utf8'))
  document.set('databases', { iam: {} })
  document.set('retain', { backups: 1 })
  writeFileSync(join(directory, config), document.toString())
  document.delete('project')
  writeFileSync(join(directory, oldConfig), document.toString())
}

const start = (entry: string, args: string): ToolProcess =>
  startTool(args.split(' '), { cwd: stacks.directory, env, entry })
const startOld = (args: string): ToolProcess => start(old.bundle, `${args} --config ${oldConfig}`)
const byOld = (args: string): Promise<ToolResult> => startOld(args).ended
const byNew = (args: string): Promise<ToolResult> => start(bundle, args).ended

const must = async (what: Promise<ToolResult>): Promise<ToolResult> => {
  const result = await what
  expect(result, result.stderr).toMatchObject({ exit: 0 })
  return result
}

const psql = (sql: string): Promise<string> =>
  docker(['exec', `${env.PO_DEV_PROJECT}-postgres-1`, 'psql', '-U', 'postgres', '-d', 'iam', '-XAtqc', sql])
const rows = async (): Promise<string> =>
  (await psql("select to_regclass('mine')")) === '' ? 'none' : psql('select max(n) from mine')

const oldBackups = (): string[] =>
  readdirSync(join(state, 'backups')).map((name) => join(state, 'backups', name))
const newBackups = (): string[] => readdirSync(join(state, 'po-platform/backups'))

/** The half-done cutover of the older release: killed when its step number `step` has begun. */
const killOld = async (step: number): Promise<string> => {
  const victim: Victim = {
    host: 'dev',
    directory: stacks.directory,
    env,
    confirm: `--config ${oldConfig}`,
    bundle: old.bundle,
    journals: join(state, 'journals'),
    expectOld: async () => {},
    expectNew: async () => {},
  }
  const key = await killIn(victim, { step, after: 0 })
  expect(newest(victim)?.outcome).toBeUndefined()
  return key
}

beforeAll(async () => {
  old = buildOldRelease()
  stacks = makeStacks()
  env = { ...stacks.env, PO_ABORT_WINDOW: '0' }
  state = env.PO_STATE ?? ''
  writeConfigs(stacks.directory)
  await must(byOld('cutover dev'))
  await psql('create table mine as select 1 as n')
  await must(byOld('backup dev'))
})
afterAll(async () => {
  await stacks[Symbol.asyncDispose]()
  old[Symbol.dispose]()
})

describe('what a release before this one left', { timeout: 300_000 }, () => {
  it('shows its migrations as applied, and has nothing to do', async () => {
    await must(byNew('status dev --exit-code'))
    expect(await must(byNew('up dev'))).toMatchObject({ stdout: expect.stringContaining('nothing to do') })
  })

  it('tells its rows of the ledger and its backup in the history', async () => {
    const { stdout } = await must(byNew('history dev --json'))
    const { entries, runs } = JSON.parse(stdout)
    expect(entries).toMatchObject([{ database: 'iam', version: '00001', direction: 'up', outcome: 'done' }])
    const [directory] = oldBackups()
    expect(runs).toContainEqual(expect.objectContaining({ command: 'backup', outcome: 'done', directory }))
  })

  it('restores its backup, and asks before', async () => {
    const [directory] = oldBackups()
    await psql('update mine set n = 2')
    const refused = await byNew(`restore dev --from ${directory}`)
    expect(refused, refused.stderr).toMatchObject({ exit: 4 })
    expect(await rows()).toBe('2')
    await must(byNew(`restore dev --from ${directory} --confirm yes`))
    expect(await rows()).toBe('1')
  })

  it('keeps its backup whatever is backed up since, and takes it in when it is told to', async () => {
    const [directory] = oldBackups()
    await must(byNew('backup dev'))
    await must(byNew('backup dev'))
    expect(newBackups()).toHaveLength(1)
    expect(oldBackups()).toEqual([directory])
    expect((await byNew('doctor dev --fix')).stdout).toContain('of po-platform from now on')
    expect(oldBackups()).toEqual([directory])
    await must(byNew('backup dev'))
    expect(oldBackups()).toEqual([])
  })

  it('leaves the older release its own history', async () => {
    const { stdout } = await must(byOld('history dev --json'))
    expect(JSON.parse(stdout).entries.length).toBeGreaterThan(0)
  })

  it('undoes a cutover that it had finished', async () => {
    await psql('update mine set n = 3')
    await must(byOld('cutover dev'))
    expect(await rows()).toBe('none')
    await must(byNew('cutover dev --undo'))
    expect(await rows()).toBe('3')
  })

  it('finishes a cutover that was killed in the copy', async () => {
    expect(await killOld(1)).toContain('copy-volume')
    const refused = await byNew('up dev')
    expect(refused, refused.stderr).toMatchObject({ exit: 4 })
    expect(refused.stderr).toContain('cutover dev --resume')
    await must(byNew('cutover dev --resume'))
    expect(await rows()).toBe('none')
    await must(byNew('status dev --exit-code'))
  })

  it('takes back a cutover that was killed after the wipe', async () => {
    await psql('create table mine as select 4 as n')
    expect(await killOld(3)).toContain('start-stack')
    await must(byNew('cutover dev --undo'))
    expect(await rows()).toBe('4')
    await must(byNew('status dev'))
  })
})

describe('an older release on the same host', { timeout: 300_000 }, () => {
  const slow = 'infrastructure/migrations/iam/00002_slow.sql'
  const sleeping =
    "select count(*) from pg_stat_activity where query like '%pg_sleep(6)%' and pid <> pg_backend_pid()"

  it('keeps a cutover out while its migration runs', async () => {
    stacks.write(slow, '-- migrate:up\nselect pg_sleep(6);\n\n-- migrate:down\nselect 1;\n')
    const running = startOld('up dev')
    await eventually('the slow file to run', async () => (await psql(sleeping)) === '1' || undefined)
    const locked = await byNew('cutover dev --lock-wait 0')
    expect(locked, locked.stderr).toMatchObject({ exit: 5 })
    await must(running.ended)
  })

  it('waits in its turn while a cutover runs', async () => {
    // Who has nothing to do takes no lock.
    stacks.write(
      'infrastructure/migrations/iam/00003_next.sql',
      '-- migrate:up\nselect 3;\n\n-- migrate:down\nselect 3;\n',
    )
    env.PO_ABORT_WINDOW = '20'
    const running = start(bundle, 'cutover dev')
    const lock = join(state, 'host.lock.json')
    await eventually(
      'the cutover to hold the host',
      () => (existsSync(lock) && readFileSync(lock, 'utf8').includes('cutover')) || undefined,
    )
    const locked = await byOld('up dev --lock-wait 0')
    expect(locked, locked.stderr).toMatchObject({ exit: 5 })
    await must(running.ended)
  })
})
