import { PassThrough } from 'node:stream'
import { readRevision } from '../io/host/git.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context, InterruptReason, Output } from '../model/context.ts'
import { toolVersion } from '../version.ts'

/** What the asking side holds open on our stdin: `stdin`, whose end counts as the first Ctrl-C, or `lines`, whose end means nothing. */
export type Control = 'stdin' | 'lines'

export type ControlHandlers = {
  interrupt: (reason: InterruptReason) => void
  stop: (reason: InterruptReason) => void
  /** A line typed on the terminal there. */
  answer: (text: string) => void
  /** Nobody is left who could answer. */
  hangUp: () => void
}

const instruction = /^(interrupt|stop) (SIGINT|SIGTERM)$/
const typed = /^answer (.*)$/

/** What the asking side sends while it lives: a network that died without a word closes nothing here. */
export const alive = { line: 'alive', everyMs: 15_000, patienceMs: 75_000 }

const obey = (line: string, { interrupt, stop, answer }: ControlHandlers): void => {
  const [, what, reason] = instruction.exec(line) ?? []
  if (what === 'interrupt') interrupt(reason as InterruptReason)
  if (what === 'stop') stop(reason as InterruptReason)
  const [, text] = typed.exec(line) ?? []
  if (text !== undefined) answer(text)
}

/**
 * Follows the control channel of a run that was asked for over ssh, which forwards no Ctrl-C and leaves the remote side
 * running when it ends: a line `interrupt SIGINT` is the first stage, `stop SIGINT` the second. Who once said `alive` and
 * then falls silent is gone as well.
 */
export const followControl = (
  stdin: NodeJS.ReadableStream,
  control: Control,
  handlers: ControlHandlers,
): void => {
  let rest = ''
  let silence: NodeJS.Timeout | undefined
  const closed = (): void => {
    handlers.hangUp()
    if (control === 'stdin') handlers.interrupt('SIGTERM')
  }
  const heard = (): void => {
    clearTimeout(silence)
    silence = setTimeout(closed, alive.patienceMs).unref()
  }
  stdin.setEncoding('utf8')
  stdin.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === alive.line) heard()
      obey(line, handlers)
    }
  })
  stdin.once('end', closed)
  stdin.once('error', closed)
}

/** Where whoever asks sits at a terminal of that many columns, ours is that terminal: live lines, colour, questions. */
export const relayTerminal = (
  context: Context,
  columns: number,
): Pick<ControlHandlers, 'answer' | 'hangUp'> & { context: Context } => {
  if (!columns) return { context, answer: () => {}, hangUp: () => {} }
  const stdin = Object.assign(new PassThrough(), { isTTY: true, isRelayed: true })
  const relayed = (stream: Output): Output => ({ write: (text) => stream.write(text), isTTY: true, columns })
  const { stdout, stderr } = context
  return {
    context: { ...context, stdin, stdout: relayed(stdout), stderr: relayed(stderr) },
    answer: (text) => void stdin.write(`${text}\n`),
    hangUp: () => void stdin.end(),
  }
}

const commitLength = 12

/** The first line of a run that was asked for over ssh: which machine, which commit, which directory. */
export const describeHere = async ({ cwd, env, hostname, stop }: Context): Promise<string> => {
  const { commit, dirty } = await readRevision(cwd, { PATH: env.PATH, HOME: env.HOME }, shellUntil(stop))
  const what = commit === null ? 'unknown' : commit.slice(0, commitLength)
  return `on ${hostname}: commit ${what}${dirty ? ' with changes' : ''}, po-migrate ${toolVersion()}, in ${cwd}`
}

/** Finds that line, and the commit in it; what a login shell printed before may have no line's end. */
export const helloLine = /on \S+: commit (\S+)(?: with changes)?, po-migrate \S+, in .+$/m
