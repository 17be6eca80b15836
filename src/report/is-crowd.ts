import type { RunEvent } from './run-documents.ts'

/** Databases that have a line each; more do not fit on a screen. */
const most = 30

/** Whether a run is told by its numbers. */
export const isCrowd = ({ plan }: Extract<RunEvent, { event: 'run.started' }>): boolean =>
  new Set(plan?.steps.flatMap(({ database }) => database ?? [])).size > most
