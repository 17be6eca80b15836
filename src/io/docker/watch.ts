import type { Duplex } from 'node:stream'
import { AppError, exitCodes } from '../../errors.ts'
import { openPulse } from '../host/pulse.ts'
import { type Answered, type DialOptions, dialOnce, type Modem } from './dial.ts'

/** Milliseconds. A loaded engine takes seconds; `silent`: for whoever asks one that let a question run out. */
const limits = { answer: 30_000, silent: 3000, beat: 10_000, between: 5000 }
const misses = 3

const engineError = (host: string, what: string, cause?: unknown): AppError =>
  new AppError(`The Docker engine at ${host} ${what}.`, {
    exitCode: exitCodes.unreachable,
    hint: 'docker version',
    cause,
  })

const opensStream = /\/(exec|attach)\b/

/** What answers at once, if it answers at all: every reading, and the opening of a stream. The rest is work. */
const isQuestion = ({ method, path }: DialOptions): boolean =>
  method === 'GET' || method === 'HEAD' || opensStream.test(path)

const describe = ({ method, path }: DialOptions): string => `${method} ${path.split('?')[0]}`

const hasStatus = (error: unknown): boolean => (error as { statusCode?: number }).statusCode !== undefined

/** A question that shows more life than `/_ping`, which engines answer that answer nothing else. */
const sign: DialOptions = {
  path: '/containers/json?',
  method: 'GET',
  options: { limit: 1 },
  statusCodes: { 200: true, 400: 'bad parameter', 500: 'server error' },
}

/** Runs something else that the engine does for us, such as a call of its CLI, until it is done or the engine is gone. */
export type Accompany = <T>(work: (gone: AbortSignal) => Promise<T>) => Promise<T>

/**
 * Bounds what a client waits for: an answer has a limit; work has none, but while it lasts the engine is asked whether it
 * lives, and three misses in a row end it. A connection that closes ends what came over it.
 * Each way it is an AppError (exit 6) that names the engine.
 */
export const watchEngine = (modem: Modem, host: string): Accompany => {
  let silent = false
  const ask = (options: DialOptions, answered: Answered): void => {
    const limit = silent ? limits.silent : limits.answer
    let late = false
    let timer: NodeJS.Timeout | undefined
    const giveUp = dialOnce(modem, options, (error, answer) => {
      clearTimeout(timer)
      silent = late
      answered(error, answer)
    })
    timer = setTimeout(() => {
      late = true
      giveUp(engineError(host, `did not answer within ${limit / 1000} s: ${describe(options)}`))
    }, limit)
  }
  const explain = (error: unknown): unknown => {
    if (!(error instanceof Error) || error instanceof AppError || hasStatus(error)) return error
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ABORT_ERR' ? `no sign of life ${misses} times in a row` : (code ?? message)
    return engineError(host, `is gone, or went away for a moment: ${why}`, error)
  }
  const pulse = openPulse({
    ask: () =>
      new Promise((resolve, reject) => {
        const abortSignal = AbortSignal.timeout(limits.beat)
        dialOnce(modem, { ...sign, abortSignal }, (error) => (error ? reject(error) : resolve()))
      }),
    every: limits.between,
    misses,
    explain: (cause) => explain(cause) as AppError,
  })
  const follow = (stream: Duplex): void => {
    const leave = pulse.attend((error) => stream.destroy(error))
    // Its reader is told anyway; without a listener the error would end the process.
    stream.on('error', () => {})
    stream.once('close', leave)
  }
  const work = (options: DialOptions, answered: Answered): void => {
    let leave = (): void => {}
    const giveUp = dialOnce(modem, options, (error, answer) => {
      leave()
      answered(error, answer)
    })
    leave = pulse.attend(giveUp)
  }
  modem.dial = (options, answered) => {
    // A caller with a signal has a limit of its own, and its own words for it.
    if (options.abortSignal) return void dialOnce(modem, options, answered)
    const settle: Answered = (error, answer) => {
      if (!error && options.isStream) follow(answer as Duplex)
      answered(explain(error), answer)
    }
    if (isQuestion(options)) ask(options, settle)
    else work(options, settle)
  }
  return async (run) => {
    const gone = new AbortController()
    const leave = pulse.attend((error) => gone.abort(error))
    try {
      return await run(gone.signal)
    } finally {
      leave()
    }
  }
}
