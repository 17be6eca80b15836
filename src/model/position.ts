import type { CutoverFrame } from './cutover.ts'
import type { Facts, JournalEntry, JournalOutcome } from './journal.ts'
import { modernize } from './older-journal.ts'
import { type Step, stepKey } from './step.ts'

/** Where a run stands, by its journal. */
export type Position = {
  frame: CutoverFrame
  by: string
  tool: string
  job: string | null
  begun: string
  ended: string | undefined
  steps: readonly Step[]
  done: ReadonlySet<string>
  /** Begun, and neither done nor failed: its process died in it, or is at it. */
  running: string | undefined
  failed: { step: string; error: string } | undefined
  facts: Facts
  /** Whether a step ever began that changes what serves. */
  touched: boolean
  /** Every step that began since the run last went back. */
  begunSteps: ReadonlySet<string>
  /** When each step began first, and ended last. */
  times: ReadonlyMap<string, { started: string; done?: string }>
  outcome: JournalOutcome | undefined
}

type Folding = {
  -readonly [Key in keyof Position]: Position[Key] extends ReadonlySet<string> ? Set<string> : Position[Key]
} & { times: Map<string, { started: string; done?: string }> }

const rewind = (position: Folding, step: string): void => {
  const keys = position.steps.map(stepKey)
  for (const key of keys.slice(keys.indexOf(step))) {
    position.done.delete(key)
    position.begunSteps.delete(key)
  }
}

/** Steps before the first stop, which change nothing that serves: they save, and make what is missing. */
const harmless: ReadonlySet<string> = new Set(['create-network', 'back-up'])

const touches = ({ steps }: Position, key: string): boolean =>
  steps.some((step) => stepKey(step) === key && !harmless.has(step.kind))

type Within = ReadonlyMap<string, string>

const finish = (position: Folding, step: string, at: string): void => {
  position.done.add(step)
  position.times.set(step, { started: position.times.get(step)?.started ?? at, done: at })
}

const apply = (position: Folding, line: JournalEntry, within: Within): void => {
  switch (line.entry) {
    case 'started':
      position.running = line.step
      position.failed = undefined
      position.begunSteps.add(line.step)
      position.touched ||= touches(position, line.step)
      if (!position.times.has(line.step)) position.times.set(line.step, { started: line.at })
      return
    case 'done':
      position.running = undefined
      position.facts = { ...position.facts, ...line.facts }
      for (const step of [line.step, within.get(line.step) ?? line.step]) finish(position, step, line.at)
      return
    case 'failed':
      position.running = undefined
      position.failed = { step: line.step, error: line.error }
      return
    case 'rewound':
      position.running = undefined
      rewind(position, line.step)
      return
    case 'ended':
      position.outcome = line.outcome
      position.ended = line.at
      return
    case 'begun':
    case 'resumed':
      return
  }
}

/** Where the run of these lines stands; nothing for a journal that never began. */
export const foldJournal = ([first, ...rest]: readonly JournalEntry[]): Position | undefined => {
  if (first?.entry !== 'begun') return undefined
  const { steps, within } = modernize(first.steps)
  const position: Folding = {
    frame: first.frame,
    by: first.by,
    tool: first.tool,
    job: first.job,
    ended: undefined,
    begun: first.at,
    steps,
    done: new Set(),
    running: undefined,
    failed: undefined,
    facts: {},
    touched: false,
    begunSteps: new Set(),
    times: new Map(),
    outcome: undefined,
  }
  for (const line of rest) apply(position, line, within)
  return position
}

export const remainingSteps = ({ steps, done }: Position): Step[] =>
  steps.filter((step) => !done.has(stepKey(step)))

/** Whether a step of this kind ever began, or got done. */
export const hasBegun = ({ steps, begunSteps }: Position, kind: string): boolean =>
  steps.some((step) => step.kind === kind && begunSteps.has(stepKey(step)))

/** Whether it has to be finished or undone before anybody else writes. One that stopped nothing yet is in nobody's way. */
export const isUnfinished = (position: Position | undefined): position is Position =>
  position !== undefined && !position.outcome && position.touched

export const isDone = ({ steps, done }: Position, kind: string): boolean => {
  const those = steps.filter((step) => step.kind === kind)
  return those.length > 0 && those.every((step) => done.has(stepKey(step)))
}

/** Milliseconds from the first stop to the last start; nothing before both happened. */
export const downtimeOf = ({ steps, times }: Position): number | undefined => {
  const serving = new Set(['wait-healthy', 'start-stack', 'migrate'])
  const at = (text: string | undefined): number[] => (text === undefined ? [] : [Date.parse(text)])
  const stops = steps.flatMap((step) =>
    step.kind === 'stop-stack' ? at(times.get(stepKey(step))?.started) : [],
  )
  const last = steps.findLast(({ kind }) => serving.has(kind))
  const [served] = last ? at(times.get(stepKey(last))?.done) : []
  return stops.length > 0 && served !== undefined ? served - Math.min(...stops) : undefined
}
