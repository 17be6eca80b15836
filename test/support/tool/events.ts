import { eventDocument, type RunEvent } from '../../../src/report/run-documents.ts'
import type { ToolResult } from './tool.ts'

export type RunFinished = Extract<RunEvent, { event: 'run.finished' }>
export type RunStarted = Extract<RunEvent, { event: 'run.started' }>
export type StepFinished = Extract<RunEvent, { event: 'step.finished' }>

export type RunEvents = {
  all: RunEvent[]
  started: RunStarted
  steps: StepFinished[]
  finished: RunFinished
}

/**
 * The events of a `--json` run, each checked against the shipped schema and the run's frame against the contract:
 * `run.started` first, `run.finished` last, one run id, `exit` equal to the exit code.
 */
export const readEvents = ({ stdout, exit }: Pick<ToolResult, 'stdout' | 'exit'>): RunEvents => {
  const all = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => eventDocument.parse(JSON.parse(line)))
  const started = all[0]
  const finished = all.at(-1)
  if (started?.event !== 'run.started') throw new Error(`the first event is ${started?.event}`)
  if (finished?.event !== 'run.finished') throw new Error(`the last event is ${finished?.event}`)
  const frames = all.filter(({ event }) => event.startsWith('run.')).length
  if (frames !== 2) throw new Error(`${frames} events are of the run`)
  if (all.some(({ run }) => run !== started.run)) throw new Error('the events are of several runs')
  if (finished.exit !== exit) throw new Error(`exit is ${finished.exit}, the exit code ${exit}`)
  return {
    all,
    started,
    finished,
    steps: all.filter(({ event }) => event === 'step.finished') as StepFinished[],
  }
}
