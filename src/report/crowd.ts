import { isCrowd, isLarge } from './is-crowd.ts'
import { renderDuration } from './render.ts'
import type { RunEvent } from './run-documents.ts'

type Started = Extract<RunEvent, { event: 'run.started' }>
type Finished = Extract<RunEvent, { event: 'step.finished' }>

/** So many done before a rate says something. */
const enough = 3

/** Databases that are counted: they are more than fit on a screen, so that only failures have a line, or several run at once. */
export type Crowd = {
  isLarge: boolean
  take: (event: Finished) => void
  /** `120 done, 2 failed, 878 left · 3.2/s · 4 min 30 s left`. */
  words: () => string
}

/** Nothing for a run that fits. `now`: milliseconds. */
export const crowdOf = (started: Started, now: () => number = Date.now): Crowd | undefined => {
  if (!isCrowd(started)) return undefined
  const { plan } = started
  /** Steps that are left, by database. */
  const left = new Map<string, number>()
  for (const { database } of plan?.steps ?? [])
    if (database !== undefined) left.set(database, (left.get(database) ?? 0) + 1)
  const total = left.size
  let done = 0
  let failed = 0
  const began = now()
  return {
    isLarge: isLarge(started),
    take: ({ database, status }) => {
      const steps = database === undefined ? undefined : left.get(database)
      if (database === undefined || steps === undefined || status === 'skipped') return
      if (status === 'failed') failed++
      if (status === 'done' && steps === 1) done++
      if (status === 'failed' || steps === 1) left.delete(database)
      else left.set(database, steps - 1)
    },
    words: () => {
      const rest = total - done - failed
      const counts = [`${done} done`, ...(failed > 0 ? [`${failed} failed`] : []), `${rest} left`].join(', ')
      const rate = done / Math.max(0.001, (now() - began) / 1000)
      const time =
        done >= enough ? [`${rate.toFixed(1)}/s`, `${renderDuration((rest / rate) * 1000)} left`] : []
      return [counts, ...time].join(' · ')
    },
  }
}
