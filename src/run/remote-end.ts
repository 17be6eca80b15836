import { readRevision } from '../io/git.ts'
import { runShell } from '../io/shell.ts'
import type { Context, InterruptReason } from '../model/context.ts'
import { toolVersion } from '../version.ts'

/** What the asking side holds open on our stdin: `stdin`, whose end counts as the first Ctrl-C, or `lines`, whose end means nothing. */
export type Control = 'stdin' | 'lines'

export type ControlHandlers = {
  interrupt: (reason: InterruptReason) => void
  stop: (reason: InterruptReason) => void
}

const instruction = /^(interrupt|stop) (SIGINT|SIGTERM)$/

/** What the asking side sends while it lives: a network that died without a word closes nothing here. */
export const alive = { line: 'alive', everyMs: 15_000, patienceMs: 75_000 }

/**
 * Follows the control channel of a run that was asked for over ssh, which forwards no Ctrl-C and leaves the remote side
 * running when it ends: a line `interrupt SIGINT` is the first stage, `stop SIGINT` the second. Who once said `alive` and
 * then falls silent is gone as well.
 */
export const followControl = (
  stdin: NodeJS.ReadableStream,
  control: Control,
  { interrupt, stop }: ControlHandlers,
): void => {
  let rest = ''
  let silence: NodeJS.Timeout | undefined
  const closed = (): void => {
    if (control === 'stdin') interrupt('SIGTERM')
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
      const [, what, reason] = instruction.exec(line) ?? []
      if (what === 'interrupt') interrupt(reason as InterruptReason)
      if (what === 'stop') stop(reason as InterruptReason)
    }
  })
  stdin.once('end', closed)
  stdin.once('error', closed)
}

const commitLength = 12

/** The first line of a run that was asked for over ssh: which machine, which commit, which directory. */
export const describeHere = async ({ cwd, env, hostname }: Context): Promise<string> => {
  const { commit, dirty } = await readRevision(cwd, { PATH: env.PATH, HOME: env.HOME }, runShell)
  const what = commit === null ? 'unknown' : commit.slice(0, commitLength)
  return `on ${hostname}: commit ${what}${dirty ? ' with changes' : ''}, po-migrate ${toolVersion()}, in ${cwd}`
}

/** Finds that line, and the commit in it. */
export const helloLine = /^on \S+: commit (\S+)(?: with changes)?, po-migrate \S+, in .+$/m
