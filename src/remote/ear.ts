import { helloLine } from './serve.ts'

/** What was heard on stderr of a run on another machine. */
export type RemoteEar = {
  /** Whether the tool itself has spoken. */
  greeted: () => boolean
  /** What came without a greeting. */
  held: () => string
  lastLine: () => string
}

/** What was heard on its stdout. */
export type RemoteOutput = {
  stdout: (text: string) => void
  /** Whether the command has begun. */
  started: () => boolean
  /** What came before it. */
  before: () => string
}

/** Printed by the command itself, before the tool starts: what a login shell's files print on stdout comes before it. */
export const startMark = 'po-migrate starts here'

/** Passes stdout on from the mark; what came before it is none of the tool's. */
export const listenFromMark = (
  onText: (text: string) => void,
  onForeign: (text: string) => void,
): RemoteOutput => {
  let held = ''
  let started = false
  return {
    stdout: (text) => {
      if (started) return onText(text)
      held += text
      const at = held.indexOf(`${startMark}\n`)
      if (at < 0) return
      started = true
      onForeign(held.slice(0, at))
      onText(held.slice(at + startMark.length + 1))
    },
    started: () => started,
    before: () => held,
  }
}

/** Holds stderr back until the tool has spoken: before that it is ssh or a login shell. */
export const listen = (
  onHello: (line: string, commit: string) => void,
  onText: (text: string) => void,
): RemoteEar & { stderr: (text: string) => void } => {
  let held = ''
  let greeted = false
  let tail = ''
  return {
    stderr: (text: string): void => {
      tail = (tail + text).slice(-4000)
      if (greeted) {
        onText(text)
        return
      }
      held += text
      const found = helloLine.exec(held)
      const end = found ? found.index + found[0].length : -1
      if (!found || held[end] !== '\n') return
      greeted = true
      if (found.index > 0) onText(held.slice(0, found.index))
      onHello(found[0], found[1] ?? '')
      onText(held.slice(end + 1))
    },
    greeted: () => greeted,
    held: () => held,
    lastLine: () => tail.trim().split('\n').at(-1) ?? '',
  }
}
