import { setTimeout as sleep } from 'node:timers/promises'
import type { AppError } from '../../errors.ts'

/** Waiting for the work of a peer, with no limit but its life. */
export type Pulse = {
  /** Watches until the answered function is called; `gone` is called when the peer is found dead before. */
  attend: (gone: (error: AppError) => void) => () => void
}

export type PulseOptions = {
  /** Asks the peer something; rejects when no answer comes in time. */
  ask: () => Promise<void>
  /** Milliseconds between an answer and the next question. */
  every: number
  /** Questions without an answer, in a row, after which it counts as dead. */
  misses: number
  explain: (cause: unknown) => AppError
}

/** Asks a peer now and then whether it lives, as long as somebody waits for its work. */
export const openPulse = ({ ask, every, misses, explain }: PulseOptions): Pulse => {
  const waiting = new Set<(error: AppError) => void>()
  let beating = false
  const answers = async (): Promise<unknown> => {
    try {
      await ask()
      return undefined
    } catch (cause) {
      return cause ?? new Error('no answer')
    }
  }
  const tell = (cause: unknown): void => {
    const error = explain(cause)
    for (const gone of [...waiting]) gone(error)
    waiting.clear()
  }
  const listen = async (): Promise<void> => {
    for (let missed = 0; waiting.size > 0; ) {
      await sleep(every, undefined, { ref: false })
      const cause = waiting.size > 0 ? await answers() : undefined
      missed = cause === undefined ? 0 : missed + 1
      if (missed === misses) tell(cause)
    }
  }
  const beat = async (): Promise<void> => {
    if (beating) return
    beating = true
    await listen()
    beating = false
  }
  return {
    attend: (gone) => {
      waiting.add(gone)
      // Never rejects: what `ask` throws is caught.
      void beat()
      return () => void waiting.delete(gone)
    },
  }
}
