import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'

/** What dockerode asks docker-modem for; neither has types for it. */
export type DialOptions = {
  path: string
  method: string
  isStream?: boolean
  hijack?: boolean
  abortSignal?: AbortSignal
  options?: object
  statusCodes: Record<number, boolean | string>
}

export type Answered = (error: unknown, answer: unknown) => void

export type Modem = {
  protocol: 'http' | 'https'
  /** Whether an engine's certificate has to be good; docker-modem has no word for it. */
  rejectUnauthorized: boolean
  dial: (options: DialOptions, answered: Answered) => void
}

/** Ends a request that has no answer yet; the error is its answer. */
export type GiveUp = (error: Error) => void

type CreateConnection = (options: object, made: unknown) => Socket

const closedEarly = (): Error => Object.assign(new Error('the connection closed'), { code: 'ECONNRESET' })

/**
 * One request, answered exactly once. docker-modem alone never answers when the connection closes in the middle of an
 * answer, as when dockerd dies under a `wait`, and takes no limit.
 */
export const dialOnce = (modem: Modem, options: DialOptions, answered: Answered): GiveUp => {
  const ended = new AbortController()
  let open = true
  let used: Socket | undefined
  const settle: Answered = (error, answer) => {
    if (!open) return
    open = false
    // A request that was to become a stream, and was refused, would keep its connection and this process for ever.
    if (error) used?.destroy()
    answered(error, answer)
  }
  const { rejectUnauthorized } = modem
  const agent = modem.protocol === 'https' ? new https.Agent({ rejectUnauthorized }) : new http.Agent()
  const patched = agent as unknown as { createConnection: CreateConnection }
  const make = patched.createConnection
  patched.createConnection = (...args) => {
    const socket = make.apply(agent, args)
    used = socket
    // What came before the end is still on its way through the parser.
    socket.once('close', () => setImmediate(() => setImmediate(() => settle(closedEarly(), null))))
    return socket
  }
  const own: Modem = Object.create(modem, { agent: { value: agent } })
  const signals = [ended.signal, ...(options.abortSignal ? [options.abortSignal] : [])]
  // From the prototype: the modem's own `dial` is the one that calls this.
  const { dial } = Object.getPrototypeOf(modem) as Modem
  dial.call(own, { ...options, abortSignal: AbortSignal.any(signals) }, settle)
  return (error) => {
    settle(error, null)
    ended.abort()
  }
}
