import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { JournalEntry } from '../../../src/model/journal.ts'
import { foldJournal, isUnfinished, type Position } from '../../../src/model/position.ts'
import { stepKey } from '../../../src/model/step.ts'
import { docker, eventually, run } from '../engine/docker.ts'
import type { Platform } from '../platform/platform.ts'
import { makeStacks } from '../platform/stacks.ts'
import { startTool, type ToolProcess } from '../tool/process.ts'
import { runTool } from '../tool/tool.ts'

const bundle = join(import.meta.dirname, '../../../dist/po-migrate.cjs')

/** What a kill needs to know of a host under test. */
export type Victim = {
  host: string
  directory: string
  env: Record<string, string>
  confirm: string
  /** The built tool that is typed, and where its journals stand; this checkout's where nothing else is said. */
  bundle?: string
  journals?: string
  /** As it was before any cutover; throws where it is not. */
  expectOld: () => Promise<void>
  /** As a cutover leaves it. */
  expectNew: () => Promise<void>
}

const journalsOf = ({ env, journals }: Victim): string =>
  journals ?? join(env.PO_STATE ?? '', 'po-platform', 'journals')

const readLines = (file: string): JournalEntry[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as JournalEntry]
      } catch {
        return []
      }
    })

const list = (victim: Victim): string[] => {
  try {
    return readdirSync(journalsOf(victim)).sort()
  } catch {
    return []
  }
}

/** Where the newest run stands. */
export const newest = (victim: Victim): Position | undefined => {
  const name = list(victim).at(-1)
  return name === undefined ? undefined : foldJournal(readLines(join(journalsOf(victim), name)))
}

const call = (victim: Victim, args: string) =>
  startTool(['cutover', victim.host, ...args.split(' ').filter(Boolean)], {
    cwd: victim.directory,
    env: victim.env,
    entry: victim.bundle ?? bundle,
  })

/** Runs to the end, whatever that is. */
export const cutOver = (victim: Victim, args = '') => call(victim, `${args} ${victim.confirm}`).ended

const processOf = ({ env }: Victim): number =>
  JSON.parse(readFileSync(join(env.PO_STATE ?? '', 'host.lock.json'), 'utf8')).pid

export type Strike = {
  /** `--undo`: in the undoing of the newest run; a new cutover where absent. */
  of?: '--undo'
  /** Number of the step, from 0. */
  step: number
  /** Milliseconds after it began; 0: before it did anything. */
  after: number
}

/** A run in the midst of a step. */
export const beginStrike = async (
  victim: Victim,
  { step, after, of }: Strike,
): Promise<{ key: string; tool: ToolProcess }> => {
  const before = new Set(list(victim))
  const tool = call(victim, `${of ?? ''} ${victim.confirm}`)
  const begun = await eventually(
    `step ${step} to begin`,
    () => {
      const name = list(victim).find((found) => !before.has(found))
      const position = name && foldJournal(readLines(join(journalsOf(victim), name)))
      if (!position) return tool.child.exitCode === null ? undefined : { key: '', position: undefined }
      const planned = position.steps[step]
      const key = planned ? stepKey(planned) : ''
      return position.begunSteps.has(key) || position.outcome ? { key, position } : undefined
    },
    240_000,
  )
  expect(begun.position?.outcome, `ended before step ${step}: ${tool.stderr()}`).toBeUndefined()
  await sleep(after)
  return { key: begun.key, tool }
}

/** SIGKILL to whoever holds the host, in a step of a new run; answers the key of that step. */
export const killIn = async (victim: Victim, strike: Strike): Promise<string> => {
  const { key, tool } = await beginStrike(victim, strike)
  try {
    process.kill(processOf(victim), 'SIGKILL')
  } catch (error) {
    // It was through sooner than the reference run was.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  tool.child.kill('SIGKILL')
  await tool.ended
  return key
}

const expectFree = async ({ env }: Victim): Promise<void> => {
  const lock = join(env.PO_STATE ?? '', 'host.lock')
  expect((await run('flock', ['--nonblock', lock, 'true'])).exit, 'the host lock').toBe(0)
}

/** Back to where every strike begins. */
export const settle = async (victim: Victim): Promise<void> => {
  if (newest(victim)?.outcome === undefined && newest(victim)) await cutOver(victim, '--undo')
  try {
    await victim.expectOld()
  } catch {
    await cutOver(victim, '--undo')
    await victim.expectOld()
  }
}

/** A line of PO_FAULT_REPORT: host, step, milliseconds in it, way out, milliseconds until all was looked at. */
export const reportCell = (line: readonly unknown[]): void => {
  const file = process.env.PO_FAULT_REPORT
  if (file) appendFileSync(file, `${line.join('\t')}\n`)
}

/** Kills in a step, looks at what a plain invocation says, and goes the given way out. */
export const strikeAndLeave = async (
  victim: Victim,
  { strike, way }: { strike: Strike; way: 'resume' | 'undo' },
): Promise<void> => {
  await settle(victim)
  const key = await killIn(victim, strike)
  const since = Date.now()
  if (newest(victim)?.outcome === 'done') return victim.expectNew()
  // One that stopped nothing yet locks nobody out: a plain invocation would begin anew.
  if (isUnfinished(newest(victim))) {
    const plain = await cutOver(victim)
    expect(plain, plain.stderr).toMatchObject({ exit: 4 })
    expect(plain.stderr).toContain(`po-migrate cutover ${victim.host} --resume`)
    expect(plain.stderr).toContain(`po-migrate cutover ${victim.host} --undo`)
  }
  const ended = await cutOver(victim, `--${way}`)
  expect(ended.exit, `${way} after ${key}: ${ended.stderr}`).toBe(0)
  await (way === 'resume' ? victim.expectNew() : victim.expectOld())
  await expectFree(victim)
  reportCell([victim.host, key, strike.after, way, Date.now() - since])
}

/** A platform to be killed at. */
export const victimOf = async (platform: Platform): Promise<Victim> => {
  // It has the new server started once more, in the middle of a step.
  await platform.psql('postgres', 'alter system set track_activity_query_size = 2048')
  const [containers, fingerprint] = [await platform.containers(), await platform.fingerprint()]
  const expectServed = async (): Promise<void> => {
    await platform.healthy()
    expect(await platform.containers()).toEqual(containers)
    expect(await platform.fingerprint()).toBe(fingerprint)
    expect(await platform.leftovers()).toBe('')
  }
  return {
    host: 'vps',
    directory: platform.stacks.directory,
    env: platform.env,
    confirm: '--confirm yes',
    expectOld: async () => {
      expect(await platform.managedRows()).toBe('before')
      await expectServed()
    },
    expectNew: async () => {
      expect(await platform.managedRows()).toBe('none')
      expect(await platform.psql('postgres', 'show track_activity_query_size')).toBe('2kB')
      await expectServed()
      expect(await platform.tool('status qual prod --exit-code')).toMatchObject({ exit: 0 })
    },
  }
}

/** A dev stack to be killed at; what it answers removes it. */
export const devVictim = async (): Promise<Victim & AsyncDisposable> => {
  const stacks = makeStacks()
  const env: Record<string, string> = { ...stacks.env, PO_ABORT_WINDOW: '0' }
  const container = `${env.PO_DEV_PROJECT}-postgres-1`
  const psql = (sql: string): Promise<string> =>
    docker(['exec', container, 'psql', '-U', 'postgres', '-d', 'iam', '-XAtqc', sql])
  const checksum = "select count(*), md5(string_agg(n::text, ' ' order by n)) from mine"
  const victim: Victim = {
    host: 'dev',
    directory: stacks.directory,
    env,
    confirm: '',
    expectOld: async () => expect(await psql(checksum)).toBe(rows),
    expectNew: async () => {
      expect(await psql("select to_regclass('mine') is null")).toBe('t')
      expect(await runTool(['status', 'dev', '--exit-code'], { cwd: stacks.directory, env })).toMatchObject({
        exit: 0,
      })
    },
  }
  const made = await cutOver(victim)
  expect(made.exit, made.stderr).toBe(0)
  await psql('create table mine as select generate_series(1, 50000) as n')
  const rows = await psql(checksum)
  return { ...victim, [Symbol.asyncDispose]: () => stacks[Symbol.asyncDispose]() }
}

/** How long each step of a whole cutover takes here, by its number; the platform is as before afterwards. */
export const rehearseSteps = async (victim: Victim): Promise<number[]> => {
  const ended = await cutOver(victim)
  expect(ended.exit, ended.stderr).toBe(0)
  const position = newest(victim)
  await victim.expectNew()
  await settle(victim)
  return (position?.steps ?? []).map((step) => {
    const { started = '', done = '' } = position?.times.get(stepKey(step)) ?? {}
    return Date.parse(done) - Date.parse(started)
  })
}
