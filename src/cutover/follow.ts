import { requireState } from '../config/state.ts'
import { AppError, type ExitCode, exitCodes, interruptionCode } from '../errors.ts'
import { paintFor, recordOptions, reportFor } from '../frame/options.ts'
import { followRunLog, runLogFile, runLogSize } from '../io/host/run-log.ts'
import { isReset } from '../model/cutover.ts'
import { describeProgress, describeStanding, renderWaysOn } from '../report/cutover.ts'
import { replay } from '../report/log.ts'
import { renderError } from '../report/render.ts'
import { describeError, type Report } from '../report/report.ts'
import type { RunEvent } from '../report/run-documents.ts'
import { recorded } from '../run/record.ts'
import { type Followed, isLive, newestOf } from './at-work.ts'

const silent = (followed: Followed): AppError => {
  const { host } = followed
  const position = newestOf(followed)
  return new AppError(`The cutover of ${host.name} ended without a word.`, {
    exitCode: exitCodes.failed,
    details: position ? [describeProgress(position), ...describeStanding(position)] : [],
    hint: position ? renderWaysOn(position, !isReset(host.cutover)) : `po-migrate cutover ${host.name}`,
  })
}

/** It did not end at the second signal, as it does by itself: then it hangs, and was ended for good. */
const killed = (followed: Followed): AppError => {
  const { details, hint = '' } = silent(followed)
  const { reason } = followed.context.stop
  return new AppError(`Interrupted by ${reason}; the cutover did not end by itself, and was killed.`, {
    exitCode: interruptionCode(reason),
    details,
    hint,
  })
}

const left = ({ host, context }: Followed): AppError =>
  new AppError(`Looked away at ${context.interrupt.reason}; the cutover goes on.`, {
    exitCode: interruptionCode(context.interrupt.reason),
    hint: `po-migrate cutover ${host.name} --attach`,
  })

export type FollowRequest = Followed & {
  journal: string
  from: number
  isAlive: () => Promise<boolean>
  signal?: AbortSignal
}

const whyUnfinished = (request: FollowRequest): AppError => {
  if (!request.signal?.aborted) return silent(request)
  return request.context.stop.aborted ? killed(request) : left(request)
}

/** The run that was followed has no last event: whoever reads events gets one all the same. */
const conclude = (
  request: FollowRequest,
  { report, run }: { report: Report; run: string | undefined },
): ExitCode => {
  const { host, journal } = request
  const position = newestOf(request)
  // A log whose disk was full ends early; the journal tells how the run did.
  const isDone = position?.frame.run === journal && position.outcome === 'done'
  const error = isDone ? undefined : whyUnfinished(request)
  const base = { version: 1 as const, run: run ?? journal }
  if (run === undefined)
    report.event({ ...base, event: 'run.started', command: 'cutover', environment: host.name, plan: null })
  const exit = error?.exitCode ?? exitCodes.done
  const ended = exit === exitCodes.failed ? 'failed' : 'interrupted'
  const status = error ? ended : 'done'
  const told = error && { error: describeError(error) }
  report.event({ ...base, event: 'run.finished', status, exit, databases: [], ...told })
  if (error) throw error
  return exit
}

/** Shows what another process does, as if it were this one, and answers its exit code. */
export const follow = async (request: FollowRequest): Promise<ExitCode> => {
  const { options, config, host, context, journal, from, isAlive, signal } = request
  const report = recorded(reportFor(options, context), recordOptions(options, context))
  const file = runLogFile(requireState(config, host, context.env), journal)
  let run: string | undefined
  let finished: Extract<RunEvent, { event: 'run.finished' }> | undefined
  for await (const line of followRunLog(file, { from, isAlive, ...(signal && { signal }) })) {
    const event = replay(line, report)
    run ??= event?.run
    if (event?.event !== 'run.finished') continue
    finished = event
    break
  }
  report.close()
  if (!finished) return conclude(request, { report, run })
  if (finished.error && !options.json)
    context.stderr.write(
      renderError({ hint: undefined, ...finished.error }, paintFor(context.stderr, options, context)),
    )
  return finished.exit as ExitCode
}

/** Shows a cutover that is at work, or how the newest one ended. */
export const attach = async (followed: Followed): Promise<ExitCode> => {
  const { config, host, context } = followed
  const state = requireState(config, host, context.env)
  const newest = newestOf(followed)
  const journal = newest?.frame.run ?? ''
  if (!newest || runLogSize(runLogFile(state, journal)) === 0)
    throw new AppError(`No cutover of ${host.name} has a log to show.`, {
      exitCode: exitCodes.refused,
      hint: `po-migrate cutover ${host.name}`,
    })
  const isAlive = () => isLive(followed)
  return follow({ ...followed, journal, from: 0, isAlive, signal: context.interrupt })
}

/** Milliseconds that it has after the second signal, a little longer than it gives itself. */
const childWithin = 4200

/** Goes on with the run of a journal in a session of its own, and shows it. A signal here reaches it. */
export const detach = async (followed: Followed, journal: string): Promise<ExitCode> => {
  const { options, config, host, context } = followed
  if (!context.detach) throw new Error('this process cannot start another')
  const log = runLogFile(requireState(config, host, context.env), journal)
  const from = runLogSize(log)
  const args = ['cutover', host.name, '--resume', '--config', config.file, '--log', log]
  const child = context.detach(
    [...args, '--lock-wait', String(options.lockWait), ...(options.here ? ['--here'] : [])],
    log,
  )
  if (!options.quiet && !options.json)
    context.stderr.write(
      `it goes on without this terminal; to see it again: po-migrate cutover ${host.name} --attach\n`,
    )
  for (const signal of [context.interrupt, context.stop]) {
    const pass = (): void => child.signal(signal.reason)
    if (signal.aborted) pass()
    signal.addEventListener('abort', pass)
  }
  const hopeless = new AbortController()
  const kill = (): void => {
    child.signal('SIGKILL')
    hopeless.abort()
  }
  const giveUp = (): void => void setTimeout(kill, childWithin).unref()
  if (context.stop.aborted) giveUp()
  context.stop.addEventListener('abort', giveUp)
  if (context.lastWords) Object.assign(context.lastWords, { patience: childWithin + 500, say: () => {} })
  return follow({
    ...followed,
    journal,
    from,
    isAlive: async () => child.isAlive(),
    signal: hopeless.signal,
  })
}
