import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker } from '../support/engine/docker.ts'
import { postgres18Image } from '../support/engine/images.ts'
import { makeStacks, type Stacks } from '../support/platform/stacks.ts'
import { runTool, type ToolResult } from '../support/tool/tool.ts'

/** The official image since Postgres 18: its volume is /var/lib/postgresql, and the data lie in 18/docker. */
const file = 'infrastructure/compose/development.yml'

let stacks: Stacks
const tool = (args: string): Promise<ToolResult> =>
  runTool(args.split(' '), { cwd: stacks.directory, env: stacks.env })
const psql = (database: string, sql: string): Promise<string> =>
  docker([
    ...['exec', `${stacks.env.PO_DEV_PROJECT}-postgres-1`, 'psql', '-U', 'postgres', '-d', database],
    ...['-XAtqc', sql],
  ])

beforeAll(() => {
  stacks = makeStacks()
  Object.assign(stacks.env, { PO_ABORT_WINDOW: '0', PO_POSTGRES_IMAGE: postgres18Image })
})
afterAll(() => stacks[Symbol.asyncDispose]())

describe('a cutover where the data lie two directories down', { timeout: 300_000 }, () => {
  it('is refused before anything stops where the volume is mounted as for older images', async () => {
    const { exit, stderr } = await tool('cutover dev')
    expect(exit).toBe(2)
    expect(stderr).toContain('keeps its data in /var/lib/postgresql/18/docker')
    expect(stderr).toContain('mount it at /var/lib/postgresql')
  })

  it('resets, keeps what there was, and is undone with every row', async () => {
    const text = readFileSync(join(stacks.directory, file), 'utf8')
    stacks.write(file, text.replace('data:/var/lib/postgresql/data', 'data:/var/lib/postgresql'))
    expect(await tool('cutover dev')).toMatchObject({ exit: 0 })
    await psql('iam', 'create table mine as select generate_series(1, 1000) as n')
    const reset = await tool('cutover dev')
    expect(reset.exit, reset.stderr).toBe(0)
    expect(await psql('iam', "select to_regclass('mine') is null")).toBe('t')
    const undone = await tool('cutover dev --undo')
    expect(undone.exit, undone.stderr).toBe(0)
    expect(await psql('iam', 'select count(*), sum(n) from mine')).toBe('1000|500500')
  })

  it('backs up and restores', async () => {
    const { exit, stdout, stderr } = await tool('backup dev')
    expect(exit, stderr).toBe(0)
    const [directory = ''] = /\S+\/backups\/\S+/.exec(stdout) ?? []
    await psql('iam', 'truncate mine')
    const restored = await tool(`restore dev --from ${directory}`)
    expect(restored.exit, restored.stderr).toBe(0)
    expect(await psql('iam', 'select count(*) from mine')).toBe('1000')
  })
})
