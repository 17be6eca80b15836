import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker } from '../support/engine/docker.ts'
import { makeStacks, type Stacks } from '../support/platform/stacks.ts'
import { readEvents } from '../support/tool/events.ts'
import { runTool, type ToolOptions, type ToolResult } from '../support/tool/tool.ts'

let shop: Stacks
let bank: Stacks
const tool = (stacks: Stacks, args: string, options: Partial<ToolOptions> = {}): Promise<ToolResult> =>
  runTool(args.split(' '), { cwd: stacks.directory, ...options, env: { ...stacks.env, ...options.env } })
const psql = ({ env }: Stacks, sql: string): Promise<string> =>
  docker(['exec', `${env.PO_DEV_PROJECT}-postgres-1`, 'psql', '-U', 'postgres', '-d', 'iam', '-XAtqc', sql])
const copies = async ({ env }: Stacks): Promise<string[]> =>
  (await docker(['volume', 'ls', '--quiet', '--filter', `label=po-migrate.copy-of=${env.PO_VOLUME}`]))
    .split('\n')
    .filter(Boolean)

const rename = ({ directory }: Stacks, project: string): void => {
  const file = join(directory, 'infrastructure/migrate.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^project: .*$/m, `project: ${project}`))
}

/** Two projects on one machine with one state directory, both with a host `dev`. */
beforeAll(async () => {
  shop = makeStacks()
  bank = makeStacks()
  shop.env.PO_ABORT_WINDOW = '0'
  bank.env.PO_ABORT_WINDOW = '0'
  bank.env.PO_STATE = shop.env.PO_STATE ?? ''
  rename(shop, 'shop')
  rename(bank, 'bank')
  for (const stacks of [shop, bank]) expect(await tool(stacks, 'start dev')).toMatchObject({ exit: 0 })
  for (const stacks of [shop, bank]) expect(await tool(stacks, 'up dev')).toMatchObject({ exit: 0 })
  await psql(shop, 'create table mine as select generate_series(1, 3)')
  await psql(bank, 'create table accounts as select generate_series(1, 5)')
}, 300_000)
afterAll(async () => {
  await bank[Symbol.asyncDispose]()
  await shop[Symbol.asyncDispose]()
})

describe('two projects with a dev each', { timeout: 600_000 }, () => {
  it("undo and resume of one refuse the other's run (4), naming project and volume of both", async () => {
    expect(await tool(shop, 'cutover dev')).toMatchObject({ exit: 0 })
    for (const verb of ['--undo', '--resume']) {
      const { exit, stderr } = await tool(bank, `cutover dev ${verb}`)
      expect({ exit, stderr }).toMatchObject({ exit: 4 })
      for (const name of ['shop', 'bank', shop.env.PO_VOLUME, bank.env.PO_VOLUME])
        expect(stderr).toMatch(new RegExp(`(project|volume) ${name}\\b`))
      expect(stderr).toContain(
        `→ po-migrate cutover dev ${verb} --config ${shop.directory}/infrastructure/migrate.yaml`,
      )
      expect(stderr).toContain('Nothing was touched.')
    }
    expect(await psql(bank, 'select count(*) from accounts')).toBe('5')
  })

  it('neither counts, nor removes, what the other keeps', async () => {
    const kept = await copies(shop)
    expect(await tool(bank, 'cutover dev')).toMatchObject({ exit: 0 })
    expect(await copies(shop)).toEqual(kept)
    expect(await tool(bank, 'cutover dev --undo')).toMatchObject({ exit: 0 })
    expect(await psql(bank, 'select count(*) from accounts')).toBe('5')
    expect(await tool(shop, 'cutover dev --undo')).toMatchObject({ exit: 0 })
    expect(await psql(shop, 'select count(*) from mine')).toBe('3')
  })

  it('a volume that another one wiped since is not filled with what was there before that', async () => {
    expect(await tool(shop, 'cutover dev')).toMatchObject({ exit: 0 })
    const state = join(shop.directory, 'elsewhere')
    mkdirSync(state)
    expect(await tool(shop, 'cutover dev', { env: { PO_STATE: state } })).toMatchObject({ exit: 0 })
    await psql(shop, 'create table theirs ()')
    const { exit, stderr } = await tool(shop, 'cutover dev --undo')
    expect({ exit, stderr }).toMatchObject({ exit: 4 })
    expect(stderr).toContain(`The volume ${shop.env.PO_VOLUME} was wiped since by the run `)
    expect(await psql(shop, "select to_regclass('theirs') is null")).toBe('f')
  })
})

describe('the journal of a host whose volume is another now', { timeout: 300_000 }, () => {
  it('is neither undone nor resumed into it', async () => {
    const env = { PO_VOLUME: `${bank.env.PO_VOLUME}-other` }
    const { exit, stderr } = await tool(bank, 'cutover dev --undo', { env })
    expect({ exit, stderr }).toMatchObject({ exit: 4 })
    expect(stderr).toContain(
      `the project bank and the volume ${bank.env.PO_VOLUME}, and not of the project bank`,
    )
    expect(stderr).toContain(`→ set volume: ${bank.env.PO_VOLUME} of the host dev in `)
  })
})

describe('copies that bear a later date', { timeout: 300_000 }, () => {
  const later = '20991231T000000-ffffff'

  const makeLater = (labels: readonly string[] = []): Promise<string> => {
    const all = [`po-migrate.copy-of=${bank.env.PO_VOLUME}`, `po-migrate.run=${later}`, ...labels]
    return docker([
      'volume',
      'create',
      ...all.flatMap((label) => ['--label', label]),
      `${bank.env.PO_VOLUME}-${later}`,
    ])
  }

  it.each([
    ['of an older release', []],
    ['of another project', ['po-migrate.project=shop', 'po-migrate.sequence=99']],
    ['of a state directory that is not this one', ['po-migrate.project=bank', 'po-migrate.sequence=99']],
  ])('%s cost no run its own copy: it can be undone', async (_, labels) => {
    const made = await makeLater(labels)
    try {
      const { started } = readEvents(await tool(bank, 'cutover dev --json'))
      const kept = await copies(bank)
      expect(kept).toContain(`${bank.env.PO_VOLUME}-${started.run}`)
      expect(kept.includes(made)).toBe(labels.length > 0)
      expect(await tool(bank, 'cutover dev --undo')).toMatchObject({ exit: 0 })
      expect(await psql(bank, 'select count(*) from accounts')).toBe('5')
    } finally {
      await docker(['volume', 'rm', '--force', made])
    }
  })
})

describe('a journal that bears a later date', { timeout: 300_000 }, () => {
  it('hides no unfinished run: it is resumed', async () => {
    expect(await tool(bank, 'cutover dev')).toMatchObject({ exit: 0 })
    const journals = join(bank.env.PO_STATE ?? '', 'bank/journals')
    const { started } = readEvents(await tool(bank, 'cutover dev --json'))
    const run = `20991231T000000-${started.run.split('-')[1]}`
    const text = readFileSync(join(journals, `${started.run}.jsonl`), 'utf8')
    writeFileSync(join(journals, `${started.run}.jsonl`), text.replaceAll(started.run, run))
    renameSync(join(journals, `${started.run}.jsonl`), join(journals, `${run}.jsonl`))
    const file = join(bank.directory, 'infrastructure/migrations/rag/00001_pgvector_initial.sql')
    const sql = readFileSync(file, 'utf8')
    writeFileSync(file, sql.replace('-- migrate:up\n', '-- migrate:up\nselect 1 / 0;\n'))
    expect(await tool(bank, 'cutover dev')).toMatchObject({ exit: 1 })
    writeFileSync(file, sql)
    expect(await tool(bank, 'up dev')).toMatchObject({ exit: 4 })
    expect(await tool(bank, 'cutover dev --resume')).toMatchObject({ exit: 0 })
    expect(await tool(bank, 'status dev --exit-code')).toMatchObject({ exit: 0 })
  })
})
