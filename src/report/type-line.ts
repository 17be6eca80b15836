import { createInterface } from 'node:readline/promises'
import type { Context } from '../model/context.ts'

/** What was typed; or, where nothing will be, why: a signal's name, or nothing for a terminal that closed. */
export type Typed = { line: string } | { reason: unknown }

/** Asks on the terminal; one in raw mode sends no signal for Ctrl-C, and one that closed would never answer. */
export const typeLine = async (text: string, { stdin, stderr, interrupt }: Context): Promise<Typed> => {
  const output = stderr as unknown as NodeJS.WritableStream
  // A relayed terminal echoes by itself.
  const terminal = createInterface({ input: stdin, output, ...(stdin.isRelayed && { terminal: false }) })
  const given = new AbortController()
  terminal.once('SIGINT', () => given.abort('SIGINT'))
  terminal.once('close', () => given.abort())
  const signal = AbortSignal.any([interrupt, given.signal])
  try {
    return { line: await terminal.question(text, { signal }) }
  } catch (error) {
    if (!signal.aborted) throw error
    stderr.write('\n')
    return { reason: signal.reason }
  } finally {
    terminal.close()
  }
}
