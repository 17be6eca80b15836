import type { Config } from '../config/load.ts'
import type { ExitCode } from '../errors.ts'
import { type GlobalOptions, paintFor } from '../frame/options.ts'
import type { Run } from '../frame/run.ts'
import { standingFlags } from '../frame/standing-flags.ts'
import { readSystemIdentifier } from '../io/docker/inside.ts'
import { readStack } from '../io/docker/stack.ts'
import { appendJournal } from '../io/host/journal.ts'
import { takeSequence } from '../io/host/sequence.ts'
import type { Context } from '../model/context.ts'
import type { CutoverFrame } from '../model/cutover.ts'
import { isReset } from '../model/cutover.ts'
import { performWith } from '../model/kind.ts'
import { quoteAll } from '../model/quote.ts'
import { confirm, isConfirmed, type Question } from '../report/confirm.ts'
import { countDown } from '../report/countdown.ts'
import { commandsOf, renderDowntime } from '../report/cutover.ts'
import { toPaste } from '../report/to-paste.ts'
import { renderPlan } from '../report/up.ts'
import { requireLock } from '../run/require-lock.ts'
import { nothingDone, type RunResult } from '../run/run-result.ts'
import { readNewest } from '../run/unfinished.ts'
import { toolVersion } from '../version.ts'
import type { OpenedCutover } from './open.ts'
import type { PlannedCutover } from './plan/cutover.ts'
import { readPosition, runSaga } from './saga.ts'
import { cutoverKinds, findLack } from './steps/cutover-kinds.ts'
import type { CutoverHost } from './tools.ts'

export type CutoverOptions = GlobalOptions & {
  attach: boolean
  /** Where a detached run writes what it does. */
  log?: string | undefined
  host: string
  resume: boolean
  undo: boolean
  drop: readonly string[]
}

/** One invocation of the verb, with the host to itself. */
export type CutoverSession = {
  run: Run
  options: CutoverOptions
  context: Context
  config: Config
  host: CutoverHost
  opened: OpenedCutover
  /** Goes on with a journal in another process, where one is to do it. */
  handOver: ((journal: string) => Promise<ExitCode>) | undefined
}

export type AskOptions = Pick<CutoverSession, 'options' | 'context' | 'host'>

/** As it was typed. */
export const cutoverCommandLine = ({ host, resume, undo, drop }: CutoverOptions): string =>
  quoteAll([
    ...['po-migrate', 'cutover', host],
    ...(resume ? ['--resume'] : []),
    ...(undo ? ['--undo'] : []),
    ...drop.flatMap((name) => ['--drop', name]),
  ])

const question = (asked: AskOptions): Question => {
  const { options, context, host } = asked
  return {
    about: options.undo
      ? `Taking back what ${host.volume} holds on ${host.name}`
      : `Wiping ${host.volume} on ${host.name}`,
    answer: 'yes',
    typed: host.volume,
    given: options.confirm ?? context.env.CONFIRM,
    command: `${cutoverCommandLine(options)} --confirm yes`,
  }
}

/** A confirmation that cannot come is refused before anything is waited for. @throws AppError (exit 4). */
export const refuseUnconfirmed = (asked: AskOptions): void => {
  if (!isReset(asked.host.cutover)) isConfirmed(question(asked), asked.context)
}

/** The plan, and then the question, or on a host with an abort window the countdown. Whoever is asked sees what about. */
const ask = async (session: CutoverSession, { plan }: PlannedCutover, before: string): Promise<void> => {
  const { options, context, host } = session
  const { stderr } = context
  const isMute = options.json || options.quiet
  const isAsked = !isReset(host.cutover) && !isConfirmed(question(session), context)
  if (!isMute || isAsked) {
    stderr.write(before)
    stderr.write(renderPlan(plan, cutoverKinds, paintFor(stderr, options, context)))
  }
  if (!isReset(host.cutover)) return confirm(question(session), context)
  const seconds = host.cutover.abortWindow ?? 0
  const about = `${host.volume} is wiped`
  await countDown({ seconds, about, quiet: isMute, command: cutoverCommandLine(options) }, context)
}

/** Goes on with the run of a journal from where it stands. */
export const proceed = async (
  { run, options, context, host, opened, handOver }: CutoverSession,
  journal: string,
): Promise<RunResult> => {
  if (handOver) return { ...nothingDone, handedOver: () => handOver(journal) }
  const { state } = opened
  const { frame } = readPosition(state, journal)
  const tools = opened.tools(frame)
  const result = await runSaga({
    state,
    journal,
    run: run.id,
    report: run.report,
    confirmed: !isReset(host.cutover),
    verify: async () => {
      await tools.verify()
      requireLock(tools.lost)
    },
    findLack: (step, facts) => findLack(step, { tools, facts, context }),
    perform: (step, facts) => performWith(cutoverKinds, { tools, facts, context })(step),
    start: run.start,
    interrupt: context.interrupt,
    stop: context.stop,
  })
  const position = readPosition(state, journal)
  if (result.status === 'done') {
    const kept = position.done.has(`copy-volume ${frame.volume} ${frame.copy}`)
    run.report.result(
      `${frame.host}: ${frame.command} done.${kept ? ` What ${frame.volume} held is kept in ${frame.copy}.` : ''}\n`,
    )
    run.report.result(renderDowntime(position))
    const { undo } = commandsOf(frame.host, !isReset(host.cutover))
    if (kept) run.report.note(`to have it back: ${toPaste(undo, standingFlags(options, context))}`)
  }
  return result
}

/** The system_identifier of the server that is about to be replaced, where one runs. */
const readRunning = async ({ opened, host }: CutoverSession): Promise<string | undefined> => {
  const { client: docker } = opened.docker
  const [database] = await readStack(docker, host.stack.project)
  return database?.running ? readSystemIdentifier(docker, database.id) : undefined
}

/** Asks, writes the first line of a journal, and goes. */
export const begin = async (
  session: CutoverSession,
  planned: PlannedCutover,
  before = '',
): Promise<RunResult> => {
  await ask(session, planned, before)
  const { state, by } = session.opened
  const { plan } = planned
  const { run } = planned.frame
  const earlier = readNewest(state, session.host)
  const systemIdentifier = await readRunning(session)
  const frame: CutoverFrame = {
    ...planned.frame,
    project: state.project,
    sequence: takeSequence(state, run),
    ...(systemIdentifier && { systemIdentifier }),
  }
  const at = new Date().toISOString()
  const origin = { by, tool: toolVersion(), job: session.context.env.CI_JOB_URL ?? null }
  appendJournal(state, run, { entry: 'begun', at, ...origin, frame, steps: plan.steps })
  if (earlier && !earlier.outcome)
    appendJournal(state, earlier.frame.run, { entry: 'ended', at, outcome: 'superseded' })
  return proceed(session, run)
}
