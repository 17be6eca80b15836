import type { RunEvent } from './run-documents.ts'

/** Databases that have a line each; more do not fit on a screen. */
const most = 30

type Started = Extract<RunEvent, { event: 'run.started' }>

/** Whether a run is told by its numbers: its databases are many, or several run at once. */
export const isCrowd = (started: Started): boolean => (started.jobs ?? 1) > 1 || isLarge(started)

/** Whether only failures have a line. */
export const isLarge = ({ plan }: Started): boolean =>
  new Set(plan?.steps.flatMap(({ database }) => database ?? [])).size > most
