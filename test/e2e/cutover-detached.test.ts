import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/engine/docker.ts'
import { newest, type Victim, victimOf } from '../support/faults/victim.ts'
import { makePlatform, type Platform } from '../support/platform/platform.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool } from '../support/tool/process.ts'
import { baseEnv } from '../support/tool/tool.ts'

const entry = join(import.meta.dirname, '../../dist/po-migrate.cjs')

let platform: Platform
let victim: Victim
beforeAll(async () => {
  platform = await makePlatform({ small: true })
  victim = await victimOf(platform)
})
afterAll(() => platform[Symbol.asyncDispose]())

const start = (args: string) =>
  startTool(['cutover', 'vps', ...args.split(' ')], { cwd: victim.directory, env: victim.env, entry })

const begun = (what: string): Promise<true> =>
  eventually(
    `${what} to begin`,
    () => {
      const position = newest(victim)
      return position && !position.outcome && position.begunSteps.size > 0 ? (true as const) : undefined
    },
    120_000,
  )

/** The tool on a terminal of its own, where this is typed at its question. */
const typeAtQuestion = async (typed: string): Promise<{ exit: number | null; screen: string }> => {
  const command = `'${process.execPath}' '${entry}' cutover vps`
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: victim.directory,
    env: { ...baseEnv(), ...victim.env, TERM: 'xterm' },
  })
  let screen = ''
  const asked = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      screen += chunk
      if (screen.includes(' to go on: ')) resolve()
    })
    child.once('exit', () => reject(new Error(screen)))
  })
  await asked
  child.stdin.write(`${typed}\n`)
  const exit = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { exit, screen }
}

describe('cutover vps on a terminal', { timeout: 600_000 }, () => {
  it('touches nothing when anything but the name of the volume is typed', async () => {
    for (const typed of ['yes', 'y', '']) {
      const { exit, screen } = await typeAtQuestion(typed)
      expect({ typed, exit, screen }).toMatchObject({ exit: 4 })
      expect(screen).toContain('Nothing was touched.')
    }
    expect(newest(victim)).toBeUndefined()
    await victim.expectOld()
  })

  it('goes on when the name is typed', async () => {
    const { exit, screen } = await typeAtQuestion(victim.env.PO_VOLUME ?? '')
    expect(exit, screen).toBe(0)
    expect(screen).toContain('vps: cutover done.')
    expect((await start('--undo --confirm yes').ended).exit).toBe(0)
    await victim.expectOld()
  })
})

describe('cutover vps on a terminal that goes away', { timeout: 600_000 }, () => {
  it('goes on in a session of its own, and is seen again from another terminal', async () => {
    const first = start('--confirm yes')
    await begun('the cutover')
    const log = join(victim.env.PO_STATE ?? '', 'po-platform', 'logs', `${newest(victim)?.frame.run}.log`)
    await eventually('its first event', () => readFileSync(log, 'utf8').includes('step.started') || undefined)
    first.child.kill('SIGKILL')
    await first.ended
    const [attached, again] = [start('--attach --json'), start('--confirm yes')]
    const seen = await attached.ended
    const events = readEvents(seen)
    expect(events.finished).toMatchObject({ status: 'done', exit: 0 })
    expect(events.steps).toHaveLength(newest(victim)?.steps.length ?? -1)
    const same = await again.ended
    expect(same.exit, same.stderr).toBe(0)
    expect(same.stdout).toContain('vps: cutover done.')
    await victim.expectNew()
  })

  it('ends after its running step when it is told so, and says how to go on', async () => {
    const undoing = start('--undo --confirm yes')
    await begun('the undoing')
    undoing.child.kill('SIGINT')
    const ended = await undoing.ended
    expect(ended.exit, ended.stderr).toBe(130)
    expect(ended.stderr).toContain('po-migrate cutover vps --resume')
    const resumed = await start('--resume').ended
    expect(resumed.exit, resumed.stderr).toBe(0)
    await victim.expectOld()
  })
})
