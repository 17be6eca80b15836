import { describe, expect, it } from 'vitest'
import type { AppError } from '../../../src/errors.ts'
import { confirm, type Question } from '../../../src/report/confirm.ts'
import { fakeTerminal } from '../support/fixtures.ts'

const question = (given?: string): Question => ({
  about: 'Applying this to prod',
  answer: 'yes',
  given,
  command: 'po-migrate up prod --confirm yes',
})

type Terminal = ReturnType<typeof fakeTerminal>
const answer = async (act: (terminal: Terminal) => unknown): Promise<AppError | 'passed'> => {
  const terminal = fakeTerminal()
  const asked = confirm(question(), terminal.context).then(
    () => 'passed' as const,
    (error) => error as AppError,
  )
  await new Promise((resolve) => setImmediate(resolve))
  act(terminal)
  return asked
}

describe('a confirmation', () => {
  it('given as the exact word passes without a terminal and asks nothing', async () => {
    const { context, shown } = fakeTerminal()
    await confirm(question('yes'), { ...context, stdin: Object.assign(context.stdin, { isTTY: false }) })
    expect(shown()).toBe('')
  })

  it('that somebody interrupted meanwhile is none, whatever --confirm says', async () => {
    const { context } = fakeTerminal()
    const interrupt = AbortSignal.abort('SIGINT')
    await expect(confirm(question('yes'), { ...context, interrupt })).rejects.toMatchObject({
      exitCode: 130,
      touched: false,
    })
  })

  it.each(['y', 'YES', 'yes ', 'true', 'no'])('given as %j is refused, terminal or not', async (given) => {
    const { context, shown } = fakeTerminal()
    await expect(confirm(question(given), context)).rejects.toMatchObject({
      exitCode: 4,
      message: `Applying this to prod needs exactly --confirm yes, not "${given}".`,
      touched: false,
      hint: 'po-migrate up prod --confirm yes',
    })
    expect(shown()).toBe('')
  })

  it.each(['stdin', 'stderr'] as const)('is refused at once when %s is no terminal', async (stream) => {
    const { context, shown } = fakeTerminal()
    Object.assign(context[stream], { isTTY: false })
    await expect(confirm(question(), context)).rejects.toMatchObject({
      exitCode: 4,
      hint: 'po-migrate up prod --confirm yes',
    })
    expect(shown()).toBe('')
  })

  it('is asked for on a terminal, with the word to type', async () => {
    const terminal = fakeTerminal()
    const asked = confirm(question(), terminal.context)
    terminal.stdin.write('yes\n')
    await asked
    expect(terminal.shown()).toContain('Applying this to prod. Type yes to go on: ')
  })

  it('may be typed with blanks around it', async () => {
    expect(await answer(({ stdin }) => stdin.write(' yes \r'))).toBe('passed')
  })

  it('treats an empty CONFIRM as none', async () => {
    const terminal = fakeTerminal()
    terminal.stdin.write('yes\n')
    await expect(confirm(question(''), terminal.context)).resolves.toBeUndefined()
  })

  it.each(['no', 'y', '', 'prod'])('typed as %j is refused', async (typed) => {
    expect(await answer(({ stdin }) => stdin.write(`${typed}\n`))).toMatchObject({
      exitCode: 4,
      message: 'Applying this to prod: not confirmed.',
    })
  })

  it.each<[string, (terminal: Terminal) => unknown, number]>([
    ['Ctrl-C', ({ stdin }) => stdin.write('\x03'), 130],
    ['Ctrl-D', ({ stdin }) => stdin.write('\x04'), 4],
    ['a terminal that goes away', ({ stdin }) => stdin.end(), 4],
    ['SIGTERM', ({ interrupt }) => interrupt.abort('SIGTERM'), 143],
    ['SIGINT', ({ interrupt }) => interrupt.abort('SIGINT'), 130],
  ])('ends with %s: nothing was touched', async (_, act, exitCode) => {
    expect(await answer(act)).toMatchObject({ exitCode, touched: false })
  })
})
