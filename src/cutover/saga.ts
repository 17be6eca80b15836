import { AppError, amend, exitCodes, usageError } from '../errors.ts'
import { dockerMessage } from '../io/docker/docker.ts'
import { appendJournal, readJournal } from '../io/host/journal.ts'
import type { Facts, JournalEntry } from '../model/journal.ts'
import type { Plan } from '../model/plan.ts'
import { foldJournal, type Position, remainingSteps } from '../model/position.ts'
import type { State } from '../model/state.ts'
import { type Step, stepKey } from '../model/step.ts'
import { commandsOf, describeStanding, renderWaysOn } from '../report/cutover.ts'
import type { Report } from '../report/report.ts'
import { execute } from '../run/execute.ts'
import type { RunResult } from '../run/run-result.ts'
import { type CutoverStep, cutoverKinds } from './steps/cutover-kinds.ts'
import type { Lack } from './tools.ts'

export type SagaOptions = {
  state: State
  /** Of the journal; `run` is of this process. */
  journal: string
  run: string
  report: Report
  /** Whether the host asks for confirmations. */
  confirmed: boolean
  /** Before a step's first line: what throws here has begun nothing. */
  verify: () => Promise<void>
  findLack: (step: CutoverStep, facts: Facts) => Promise<Lack | undefined>
  perform: (step: CutoverStep, facts: Facts) => Promise<Facts | undefined>
  start: (plan: Plan<CutoverStep>) => void
  interrupt: AbortSignal
  stop: AbortSignal
}

const now = (): string => new Date().toISOString()

/** Where the run of a journal stands. @throws Error for a journal that never began. */
export const readPosition = (state: State, journal: string): Position => {
  const position = foldJournal(readJournal(state, journal))
  if (!position) throw new Error(`the journal of ${journal} is empty`)
  return position
}

/** Docker's own errors are answers too: whoever reads them needs the state of the platform as well. */
const asFailure = (key: string, error: unknown): AppError =>
  error instanceof AppError
    ? error
    : new AppError(`${key}: ${dockerMessage(error)}`, { exitCode: exitCodes.failed, cause: error })

/** A step between two lines of the journal. */
const performJournaled = async (
  step: CutoverStep,
  { state, journal, verify, findLack, perform }: SagaOptions,
): Promise<void> => {
  const key = stepKey(step)
  await verify().catch((error) => {
    throw asFailure(key, error)
  })
  const { facts } = readPosition(state, journal)
  const append = (line: JournalEntry): void => appendJournal(state, journal, line)
  append({ entry: 'started', at: now(), step: key })
  try {
    const lack = await findLack(step, facts)
    if (lack) {
      append({ entry: 'rewound', at: now(), step: stepKey(lack.again), why: lack.why })
      throw lack.error
    }
    const left = await perform(step, facts)
    append({ entry: 'done', at: now(), step: key, ...(left && { facts: left }) })
  } catch (error) {
    try {
      append({ entry: 'failed', at: now(), step: key, error: (error as Error).message })
    } catch {
      // The disk that takes no line has a failure of its own, which must not hide this one.
    }
    throw asFailure(key, error)
  }
}

const isKnown = (step: Step): step is CutoverStep => Object.hasOwn(cutoverKinds, step.kind)

/** @throws AppError (exit 2) for a journal that a later release wrote. */
const requireKnown = (steps: readonly Step[], { frame, tool }: Position): CutoverStep[] => {
  const strange = steps.find((step) => !isKnown(step))
  if (!strange) return steps.filter(isKnown)
  throw usageError(
    `The ${frame.command} ${frame.run} has a step that this release does not know: ${stepKey(strange)}.`,
    `go on with the release that began it: po-migrate ${tool}`,
  )
}

/** What happened, what state the platform is in, and the two commands. */
const explain = (error: AppError, position: Position, confirmed: boolean): AppError => {
  const touched = position.touched || error.touched
  return amend(error, {
    touched,
    details: [...error.details, ...describeStanding(position)],
    hint: renderWaysOn(position, confirmed, error.hint),
  })
}

/**
 * Goes on with the run of a journal, from its first step that is not done. Every step has a line before and after it, on the
 * disk, so that whoever comes next knows where it stands, however this process ends.
 */
export const runSaga = async (options: SagaOptions): Promise<RunResult> => {
  const { state, journal, run, report, confirmed, start, interrupt, stop } = options
  const { frame, ...position } = readPosition(state, journal)
  const plan: Plan<CutoverStep> = {
    version: 1,
    command: frame.command,
    environment: frame.host,
    steps: requireKnown(remainingSteps({ frame, ...position }), { frame, ...position }),
  }
  start(plan)
  const result = await execute(plan, {
    run,
    kinds: cutoverKinds,
    perform: (step) => performJournaled(step, options),
    report: {
      ...report,
      standing: (describe) =>
        report.standing?.(() => {
          const { outcomes, error } = describe()
          return { outcomes, error: explain(error, readPosition(state, journal), confirmed) }
        }),
    },
    interrupt,
    stop,
    resume: commandsOf(frame.host, confirmed).resume,
  })
  if (result.status === 'done') appendJournal(state, journal, { entry: 'ended', at: now(), outcome: 'done' })
  if (!result.error) return result
  const error = explain(result.error, readPosition(state, journal), confirmed)
  return { ...result, exit: error.exitCode, error }
}
