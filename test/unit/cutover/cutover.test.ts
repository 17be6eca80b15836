import { describe, expect, it } from 'vitest'
import { type CutoverWorld, planCutover } from '../../../src/cutover/plan/cutover.ts'
import { findTarget, planUndo } from '../../../src/cutover/plan/undo.ts'
import type { KeptContainer } from '../../../src/model/cutover.ts'
import type { JournalEntry } from '../../../src/model/journal.ts'
import { foldJournal, type Position } from '../../../src/model/position.ts'
import { stepKey } from '../../../src/model/step.ts'

const container = (project: string): KeptContainer => ({
  id: `id-${project}`,
  name: `${project}-iam-1`,
  project,
  image: 'sha256:1',
  healthy: true,
})
const stack = { file: '/shared.yml', project: 'shared' }
const vps: CutoverWorld = {
  run: 'run1',
  host: {
    name: 'vps',
    volume: 'data',
    stack,
    cutover: {
      stacks: [
        { file: '/qual.yml', project: 'qual-apps' },
        { file: '/prod.yml', project: 'prod-apps' },
      ],
      retain: 1,
    },
  },
  environments: ['qual', 'prod'],
  missingNetworks: [],
  volumeExists: true,
  containers: [container('qual-apps'), container('prod-apps')],
  image: 'sha256:pg',
  carried: { databases: ['booking_qual'], roles: ['reporter'] },
}
const dev: CutoverWorld = {
  ...vps,
  host: { name: 'dev', volume: 'data', stack, cutover: { stacks: [], retain: 1, abortWindow: 5 } },
  environments: ['dev'],
  containers: [],
  carried: { databases: [], roles: [] },
}
const keysOf = (world: CutoverWorld): string[] => planCutover(world).plan.steps.map(stepKey)

describe('the plan of a cutover', () => {
  it('backs up while all serve, copies what is stopped, and starts what was stopped', () => {
    expect(keysOf(vps)).toEqual([
      'back-up qual',
      'stop-stack qual-apps',
      'stop-stack prod-apps',
      'check-writes qual',
      'stop-stack shared',
      'check-stopped qual',
      'copy-volume data data-run1',
      'wipe-volume data',
      'start-stack shared',
      'carry-system qual',
      'carry-roles qual',
      'migrate qual',
      'migrate prod',
      'carry-database booking_qual qual',
      'carry-settings qual',
      'verify qual',
      'verify prod',
      'start-containers qual-apps',
      'start-containers prod-apps',
      'wait-healthy qual-apps',
      'wait-healthy prod-apps',
      'discard-copies data',
    ])
  })

  it('is a reset where there is an abort window: no backup, nothing carried over, still a copy', () => {
    expect(keysOf(dev)).toEqual([
      'stop-stack shared',
      'copy-volume data data-run1',
      'wipe-volume data',
      'start-stack shared',
      'migrate dev',
      'verify dev',
      'discard-copies data',
    ])
  })

  it('makes what is missing, and copies no volume that is not there', () => {
    expect(keysOf({ ...dev, missingNetworks: ['net'], volumeExists: false, image: undefined })).toEqual([
      'create-network net',
      'stop-stack shared',
      'wipe-volume data',
      'start-stack shared',
      'migrate dev',
      'verify dev',
      'discard-copies data',
    ])
  })

  it('is told with everything that its steps act on, and nothing that is not known', () => {
    const { image: _, ...unknown } = vps
    const configs = { qual: '/qual/migrate.yaml' }
    const { frame } = planCutover({ ...vps, configs, dropped: ['old'] })
    expect(frame).toEqual({
      run: 'run1',
      command: 'cutover',
      host: 'vps',
      volume: 'data',
      copy: 'data-run1',
      environments: ['qual', 'prod'],
      containers: vps.containers,
      image: 'sha256:pg',
      carried: vps.carried,
      dropped: ['old'],
      configs,
    })
    const bare = planCutover({ ...unknown, image: undefined }).frame
    expect(bare).not.toHaveProperty('configs')
    expect(bare).not.toHaveProperty('image')
    expect(bare.dropped).toEqual([])
  })

  it('gives no two steps the same key', () => {
    const keys = keysOf(vps)
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('the plan of an undoing', () => {
  const { frame, plan } = planCutover(vps)
  const at = '2026-11-22T19:00:00.000Z'
  /** A journal in which this many steps are done, and the next has begun. */
  const standing = (count: number, ended = false) => {
    const lines: JournalEntry[] = [
      { entry: 'begun', at, by: 'me', tool: '0', job: null, frame, steps: plan.steps },
    ]
    for (const step of plan.steps.slice(0, count))
      lines.push({ entry: 'started', at, step: stepKey(step) }, { entry: 'done', at, step: stepKey(step) })
    const next = plan.steps[count]
    if (next) lines.push({ entry: 'started', at, step: stepKey(next) })
    if (ended) lines.push({ entry: 'ended', at, outcome: 'done' })
    const position = foldJournal(lines)
    if (!position) throw new Error('no position')
    return position
  }
  const undo = (target: Position, copyExists = true) =>
    planUndo({
      run: 'run2',
      host: vps.host,
      target,
      isHalfMade: false,
      volumeExists: true,
      copyExists,
      containers: vps.containers,
      image: 'sha256:new',
    })

  it('only starts again what was stopped, as long as nothing was wiped', () => {
    expect(undo(standing(2)).plan.steps.map(stepKey)).toEqual([
      'start-stack shared',
      'start-containers qual-apps',
      'start-containers prod-apps',
      'wait-healthy qual-apps',
      'wait-healthy prod-apps',
    ])
  })

  it('removes a copy that may be half of one', () => {
    expect(undo(standing(6)).plan.steps.map(stepKey).at(-1)).toBe('remove-copy data-run1')
  })

  it.each([7, 8, 13, plan.steps.length])('swaps the volume with the copy after %i steps', (count) => {
    const undone = undo(standing(count, count === plan.steps.length))
    expect(undone.plan.steps.map(stepKey)).toEqual([
      'stop-stack qual-apps',
      'stop-stack prod-apps',
      'stop-stack shared',
      'copy-volume data data-run2',
      'wipe-volume data',
      'bring-back data data-run1',
      'start-stack shared',
      'start-containers qual-apps',
      'start-containers prod-apps',
      'wait-healthy qual-apps',
      'wait-healthy prod-apps',
    ])
    const frame = { command: 'undo', from: 'data-run1', copy: 'data-run2', of: 'run1' }
    expect(undone.frame).toMatchObject({ ...frame, image: 'sha256:new', fromImage: 'sha256:pg' })
  })

  it('is told with what it takes back, and nothing that is not known', () => {
    const target = standing(plan.steps.length, true)
    const made = { driver: 'local', options: {}, labels: {} }
    expect(undo({ ...target, facts: { made } }).frame).toEqual({
      run: 'run2',
      command: 'undo',
      host: 'vps',
      volume: 'data',
      copy: 'data-run2',
      from: 'data-run1',
      fromImage: 'sha256:pg',
      made,
      of: 'run1',
      environments: ['qual', 'prod'],
      containers: vps.containers,
      image: 'sha256:new',
      carried: { databases: [], roles: [] },
    })
    const { image: _, ...imageless } = frame
    const bare = planUndo({
      run: 'run2',
      host: vps.host,
      target: { ...standing(2), frame: imageless },
      isHalfMade: false,
      volumeExists: true,
      copyExists: false,
      containers: [],
      image: undefined,
    }).frame
    for (const key of ['from', 'fromImage', 'made', 'image']) expect(bare).not.toHaveProperty(key)
  })

  it('copies no volume that is not there', () => {
    const undone = planUndo({
      run: 'run2',
      host: vps.host,
      target: standing(8),
      isHalfMade: false,
      volumeExists: false,
      copyExists: true,
      containers: [],
      image: undefined,
    })
    expect(undone.plan.steps.map(({ kind }) => kind)).not.toContain('copy-volume')
  })

  it('is refused when the copy is gone, and nothing is touched', () => {
    expect(() => undo(standing(plan.steps.length, true), false)).toThrow(
      expect.objectContaining({ exitCode: 4, message: expect.stringContaining('data-run1 is not there') }),
    )
  })

  describe('takes back', () => {
    const through = plan.steps.length
    /** An undoing of a run, of which this many steps are done, and the next has begun. */
    const undoing = (of: Position, count = 0) => {
      const undone = undo(of)
      const { frame: own } = undone
      const { steps } = undone.plan
      const lines: JournalEntry[] = [
        { entry: 'begun', at, by: 'me', tool: '0', job: null, frame: own, steps },
      ]
      for (const [index, step] of steps.slice(0, count + 1).entries()) {
        lines.push({ entry: 'started', at, step: stepKey(step) })
        if (index < count) lines.push({ entry: 'done', at, step: stepKey(step) })
      }
      const position = foldJournal(lines)
      if (!position) throw new Error('no position')
      return position
    }
    const superseded = (position: Position) => ({
      ...position,
      outcome: 'superseded' as const,
    })
    const done = (position: Position) => ({ ...position, outcome: 'done' as const })
    const whole = standing(through, true)
    const half = superseded(standing(7))
    const beforeWipe = 1
    const inBringBack = 5

    it('the newest run, where that is not finished or replaced the data', () => {
      for (const run of [standing(2), standing(7), whole, done(undoing(whole, 9))])
        expect(findTarget([run, whole])).toMatchObject({ target: run, isHalfMade: false })
    })

    it('an undoing that stopped or died, where the platform before it was whole', () => {
      const stopped = undoing(whole, beforeWipe)
      expect(findTarget([stopped, whole])).toEqual({ target: stopped, isHalfMade: false })
      const torn = undoing(whole, inBringBack)
      expect(findTarget([torn, whole])).toEqual({ target: torn, torn, isHalfMade: false })
    })

    it('the run itself, where an undoing of it never ended', () => {
      const stopped = undoing(half, beforeWipe)
      expect(findTarget([stopped, half])).toEqual({ target: half, isHalfMade: false })
      const torn = undoing(half, inBringBack)
      expect(findTarget([torn, half])).toEqual({ target: half, torn, isHalfMade: false })
      const gaveWay = superseded(torn)
      expect(findTarget([undoing(half, beforeWipe), gaveWay, half])).toEqual({
        target: half,
        torn: gaveWay,
        isHalfMade: false,
      })
    })

    it('nothing where no run was ever unfinished, or replaced anything', () => {
      expect(findTarget([])).toBeUndefined()
      expect(findTarget([done(standing(0))])).toBeUndefined()
    })

    it('a whole undoing, and says when that brings back what was never finished', () => {
      const undone = done(undoing(half, 9))
      expect(findTarget([undone, half])).toEqual({ target: undone, isHalfMade: true })
    })

    it('what is behind a run that came to nothing', () => {
      const came = superseded(standing(2))
      expect(findTarget([done(undoing(came)), came, whole])).toEqual({ target: whole, isHalfMade: false })
      expect(findTarget([done(undoing(came)), came])).toBeUndefined()
    })

    it('no copy of what an undoing had half brought back, and stays undoable itself', () => {
      const again = (runs: Position[]) => {
        const found = findTarget(runs)
        if (!found) throw new Error('no target')
        const { frame: own, plan: planned } = planUndo({
          run: 'run3',
          host: vps.host,
          ...found,
          volumeExists: true,
          copyExists: true,
          containers: [],
          image: undefined,
        })
        return {
          from: own.from,
          copy: own.copy,
          image: own.image,
          kinds: planned.steps.map(({ kind }) => kind),
        }
      }
      const kinds = ['stop-stack', 'stop-stack', 'stop-stack', 'wipe-volume', 'bring-back', 'start-stack']
      const there = { from: 'data-run2', copy: 'data-run1', image: 'sha256:pg', kinds }
      expect(again([undoing(whole, inBringBack), whole])).toEqual(there)
      const back = { from: 'data-run1', copy: 'data-run2', image: 'sha256:new', kinds }
      expect(again([undoing(half, inBringBack), half])).toEqual(back)
    })
  })
})
