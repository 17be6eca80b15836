import type { Direction } from './types.ts'

/** Who started a run, and from which state of the files. */
export type Provenance = {
  /** `user@host`. */
  actor: string
  /** The CI job's page. */
  job?: string
  /** Commit of the checkout or release, null where neither git nor a REVISION file tells. */
  commit: string | null
  dirty: boolean | null
  /** Versions of this tool and of the dbmate image, and the image's id. */
  tool: string
  dbmate: string
  image: string
}

/**
 * `accepted`: an edit of an applied file was declared harmless; `adopted`: a file that was found applied;
 * `adopted unproven`: one that was applied before there was a ledger, as it stood when it was taken in. Nothing ran for any.
 */
export type LedgerOutcome = 'running' | 'done' | 'failed' | 'accepted' | 'adopted' | 'adopted unproven'

export const ledgerOutcomes = [
  'running',
  'done',
  'failed',
  'accepted',
  'adopted',
  'adopted unproven',
] as const satisfies LedgerOutcome[]

const nothingRan: ReadonlySet<LedgerOutcome> = new Set(['accepted', 'adopted', 'adopted unproven'])

/** Whether a row is of a file that was given to the database. */
export const isAttempt = ({ outcome }: Pick<LedgerEntry, 'outcome'>): boolean => !nothingRan.has(outcome)

/** One attempted file. */
export type LedgerEntry = Provenance & {
  id: string
  run: string
  version: string
  file: string
  /** sha256 of the file, hex, over LF-normalised text without `-- po-migrate:` lines. */
  sha256: string
  startedAt: Date
  /** Milliseconds; null while it runs, or when its run died. */
  duration: number | null
  /** Whether the file was applied or rolled back. */
  direction: Direction
  outcome: LedgerOutcome
  error: string | null
}

const directive = /^-- po-migrate:.*\n?/gm
const carriageReturn = /\r\n/g

/** What a checksum is taken over: line ends and directives may change without the migration being another one. */
export const normalise = (text: string): string => text.replace(carriageReturn, '\n').replace(directive, '')
