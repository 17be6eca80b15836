import type { CutoverFrame, VolumeMade } from './cutover.ts'
import type { Step } from './step.ts'

/** What a finished step leaves for those after it. */
export type Facts = {
  /** Directory of the proven backup of everything. */
  backup?: string
  /** Directory of a later one, of what is carried over; absent when nothing was written since the first. */
  carried?: string
  /** `pg_current_snapshot()` when the newest backup was taken. */
  transaction?: string
  /** `pg_current_snapshot()` when everything was made and verified: what an undoing takes back was written after it. */
  verified?: string
  /** The database container that was stopped, and when it had ended: it ran since if either is another now. */
  database?: { id: string; finished: string }
  /** Bytes and milliseconds of the copy that was compared. */
  copied?: { bytes: number; ms: number }
  /** How the volume was made: a run that dies in the wipe leaves none to look at. */
  made?: VolumeMade
  /** Copies that were removed. */
  discarded?: readonly string[]
}

export type JournalOutcome = 'done' | 'superseded'

/** A line of a journal; `step` is stepKey's. Times are ISO 8601. */
export type JournalEntry =
  | {
      entry: 'begun'
      at: string
      by: string
      /** Version of the tool. */
      tool: string
      /** The CI job's page. */
      job: string | null
      frame: CutoverFrame
      steps: readonly Step[]
    }
  | { entry: 'resumed'; at: string; by: string }
  | { entry: 'started'; at: string; step: string }
  | { entry: 'done'; at: string; step: string; facts?: Facts }
  | { entry: 'failed'; at: string; step: string; error: string }
  /** What this step had left is not so any more: it and all after it count as not done. */
  | { entry: 'rewound'; at: string; step: string; why: string }
  | { entry: 'ended'; at: string; outcome: JournalOutcome }
