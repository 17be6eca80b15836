import { quoteArguments } from './command.ts'
import type { DbmateResult } from './dbmate.ts'

export type Calls = {
  /** `onOutput`: what it says, as it comes. */
  call: (args: readonly string[], onOutput?: (text: string) => void) => Promise<DbmateResult>
  close: () => void
}

/**
 * Writes one call at a time, once the one before has ended, and gathers its output up to the mark, which carries the exit code.
 * What files that share a call say of themselves comes before its mark: whoever calls again then would get that mark, and the
 * watch of the old call would read the new one's line.
 */
export const speak = (stream: NodeJS.ReadWriteStream, output: NodeJS.ReadableStream, mark: string): Calls => {
  let text = ''
  let ended = false
  let last: Promise<unknown> = Promise.resolve()
  let settle: ((result: DbmateResult) => void) | undefined
  let tell: ((text: string) => void) | undefined
  const markLine = new RegExp(`\\n${mark} (\\d+)\\n`)
  const check = (): void => {
    const found = markLine.exec(text)
    if (!settle || (!found && !ended)) return
    const result = found
      ? { exitCode: Number(found[1]), output: text.slice(0, found.index) }
      : { exitCode: null, output: text }
    text = found ? text.slice(found.index + found[0].length) : ''
    const done = settle
    settle = undefined
    tell = undefined
    done(result)
  }
  // A character may come in two pieces.
  output.setEncoding('utf8')
  output.on('data', (chunk: string) => {
    text += chunk
    tell?.(chunk)
    check()
  })
  output.on('end', () => {
    ended = true
    check()
  })
  const write: Calls['call'] = (args, onOutput) =>
    new Promise((resolve) => {
      tell = onOutput
      settle = resolve
      stream.write(`${quoteArguments(args)}\n`)
      check()
    })
  return {
    call: (args, onOutput) => {
      const answer = last.then(() => write(args, onOutput))
      last = answer
      return answer
    },
    close: () => void stream.end(),
  }
}
