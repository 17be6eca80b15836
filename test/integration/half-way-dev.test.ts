import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker } from '../support/engine/docker.ts'
import { makeStacks, type Stacks } from '../support/platform/stacks.ts'
import { runTool, type ToolResult } from '../support/tool/tool.ts'

let stacks: Stacks
let backup: string
const tool = (args: string): Promise<ToolResult> =>
  runTool(args.split(' '), { cwd: stacks.directory, env: stacks.env })
const postgres = (): string => `${stacks.env.PO_DEV_PROJECT}-postgres-1`
const psql = (sql: string): Promise<string> =>
  docker(['exec', postgres(), 'psql', '-U', 'postgres', '-d', 'iam', '-XAtqc', sql])

beforeAll(async () => {
  stacks = makeStacks()
  stacks.env.PO_ABORT_WINDOW = '0'
  expect(await tool('cutover dev')).toMatchObject({ exit: 0 })
  await psql('create table mine as select generate_series(1, 3)')
  const { exit, stdout } = await tool('backup dev')
  expect(exit).toBe(0)
  backup = /\S+\/backups\/\S+/.exec(stdout)?.[0] ?? ''
}, 300_000)
afterAll(() => stacks[Symbol.asyncDispose]())

/** A reset that fails on the way, as this change of a file has it. */
const fail = async (path: string, edit: (text: string) => string): Promise<void> => {
  const file = join(stacks.directory, 'infrastructure', path)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, edit(text))
  const { exit, stderr } = await tool('cutover dev')
  writeFileSync(file, text)
  expect({ exit, stderr }).toMatchObject({ exit: 1 })
}

const writing = (): string[] => [
  'up dev',
  'start dev',
  'rollback dev --db iam',
  'backup dev',
  `restore dev --from ${backup}`,
  'cutover dev',
]

const expectBothWays = (text: string): void => {
  expect(text).toMatch(
    /po-migrate cutover dev --resume; or, to have everything as it was: po-migrate cutover dev --undo$/m,
  )
  expect(text).not.toContain('start dev')
}

describe('a cutover of dev that ended half-way, with Postgres down on an empty volume', {
  timeout: 300_000,
}, () => {
  it('stops every verb that writes (4), and starts nothing', async () => {
    await fail('compose/development.yml', (text) =>
      text.replace(
        '    restart: unless-stopped',
        '    command: [postgres, -c, nonsense=1]\n    restart: "no"',
      ),
    )
    for (const args of writing()) {
      const { exit, stderr } = await tool(args)
      expect({ args, exit, stderr }).toMatchObject({ exit: 4 })
      expect(stderr).toContain('The cutover of dev from ')
      expectBothWays(stderr)
    }
    expect(await docker(['inspect', '--format', '{{.State.Running}}', postgres()])).toBe('false')
  })

  it.each(['status dev', 'plan dev'])(
    'is what %s says, instead of the command that would start it empty',
    async (args) => {
      const { exit, stdout, stderr } = await tool(args)
      expect(exit).toBe(6)
      expectBothWays(stdout + stderr)
    },
  )

  it('is undone with every row, and then nobody speaks of it', async () => {
    expect(await tool('cutover dev --undo')).toMatchObject({ exit: 0 })
    expect(await psql('select count(*) from mine')).toBe('3')
    expect((await tool('status dev')).stderr).toBe('')
  })
})

describe('a cutover of dev that ended half-way, with Postgres up on a half-made volume', {
  timeout: 300_000,
}, () => {
  it('stops every verb that writes (4); status shows what is there, and says so; plan --exit-code is 4', async () => {
    await fail('migrations/rag/00001_pgvector_initial.sql', (text) =>
      text.replace('-- migrate:up\n', '-- migrate:up\nselect 1 / 0;\n'),
    )
    for (const args of writing()) expect({ args, ...(await tool(args)) }).toMatchObject({ exit: 4 })
    const status = await tool('status dev')
    expect(status).toMatchObject({ exit: 0, stdout: expect.stringContaining('iam') })
    expectBothWays(status.stderr)
    const plan = await tool('plan dev --exit-code')
    expect(plan.exit).toBe(4)
    expectBothWays(plan.stderr)
    expect(await tool('cutover dev --undo')).toMatchObject({ exit: 0 })
    expect(await psql('select count(*) from mine')).toBe('3')
  })
})
