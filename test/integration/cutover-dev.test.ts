import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { driftDocument } from '../../src/report/drift-documents.ts'
import { docker } from '../support/engine/docker.ts'
import { makeStacks, type Stacks } from '../support/platform/stacks.ts'
import { readEvents } from '../support/tool/events.ts'
import { runTool, type ToolOptions, type ToolResult } from '../support/tool/tool.ts'

let stacks: Stacks
const tool = (args: string, options: Partial<ToolOptions> = {}): Promise<ToolResult> =>
  runTool(args.split(' '), { cwd: stacks.directory, ...options, env: { ...stacks.env, ...options.env } })
const postgres = (): string => `${stacks.env.PO_DEV_PROJECT}-postgres-1`
const psql = (database: string, sql: string): Promise<string> =>
  docker(['exec', postgres(), 'psql', '-U', 'postgres', '-d', database, '-XAtqc', sql])
const copies = async (): Promise<string[]> =>
  (await docker(['volume', 'ls', '--quiet', '--filter', `label=po-migrate.copy-of=${stacks.env.PO_VOLUME}`]))
    .split('\n')
    .filter(Boolean)
const throwaways = (): Promise<string> =>
  docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.volume=${stacks.env.PO_VOLUME}`])
/** What no file makes, or makes otherwise. */
const drifted = async (): Promise<string[]> => {
  const { databases } = driftDocument.parse(JSON.parse((await tool('drift dev --json')).stdout))
  return databases.flatMap(({ differences = [] }) =>
    differences.map(({ object, state }) => `${object} ${state}`),
  )
}

beforeAll(() => {
  stacks = makeStacks()
  stacks.env.PO_ABORT_WINDOW = '0'
})
afterAll(() => stacks[Symbol.asyncDispose]())

describe('cutover dev', { timeout: 300_000 }, () => {
  it('makes a dev stack where there is none', async () => {
    const result = await tool('cutover dev')
    expect(result).toMatchObject({ exit: 0, stdout: expect.stringContaining('dev: cutover done.') })
    expect(await tool('status dev --exit-code')).toMatchObject({ exit: 0 })
    expect(await copies()).toEqual([])
  })

  it('resets one that is there, without a question, and keeps what it held', async () => {
    await psql('iam', 'create table mine as select generate_series(1, 1000) as n')
    await psql('postgres', 'create database booking')
    const result = await tool('cutover dev --json')
    const { steps, started } = readEvents(result)
    expect(steps.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'stop-stack done',
      'copy-volume done',
      'wipe-volume done',
      'start-stack done',
      'migrate done',
      'verify done',
      'discard-copies done',
    ])
    expect(await copies()).toEqual([`${stacks.env.PO_VOLUME}-${started.run}`])
    expect(await psql('postgres', "select count(*) from pg_database where datname = 'booking'")).toBe('0')
    expect(await psql('iam', "select to_regclass('mine') is null")).toBe('t')
    expect(await tool('status dev --exit-code')).toMatchObject({ exit: 0 })
    expect(await drifted()).toEqual([])
    expect(await throwaways()).toBe('')
  })

  it('is undone with every row, and the undoing is undone', async () => {
    const undone = await tool('cutover dev --undo')
    expect(undone).toMatchObject({ exit: 0, stdout: expect.stringContaining('dev: undo done.') })
    expect(await psql('iam', 'select count(*), sum(n) from mine')).toBe('1000|500500')
    expect(await drifted()).toEqual(['table public.mine unexpected'])
    expect(await copies()).toHaveLength(2)
    expect(await tool('cutover dev --undo')).toMatchObject({ exit: 0 })
    expect(await psql('iam', "select to_regclass('mine') is null")).toBe('t')
    expect(await tool('cutover dev --undo')).toMatchObject({ exit: 0 })
    expect(await psql('iam', 'select count(*), sum(n) from mine')).toBe('1000|500500')
  })

  it('keeps one copy after the next success, its own', async () => {
    expect((await copies()).length).toBeGreaterThan(1)
    const { started } = readEvents(await tool('cutover dev --json'))
    expect(await copies()).toEqual([`${stacks.env.PO_VOLUME}-${started.run}`])
  })
})
