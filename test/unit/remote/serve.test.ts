import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { alive, type Control, followControl, helloLine, relayTerminal } from '../../../src/remote/serve.ts'
import { confirm } from '../../../src/report/confirm.ts'
import { fakeTerminal } from '../support/fixtures.ts'

const follow = async (control: Control, chunks: readonly string[], end = false): Promise<string[]> => {
  const heard: string[] = []
  const stdin = new PassThrough()
  followControl(stdin, control, {
    interrupt: (reason) => void heard.push(`interrupt ${reason}`),
    stop: (reason) => void heard.push(`stop ${reason}`),
    answer: (text) => void heard.push(`answer [${text}]`),
    hangUp: () => void heard.push('hang up'),
  })
  for (const chunk of chunks) stdin.write(chunk)
  if (end) stdin.end()
  await turn()
  await turn()
  return heard
}

describe('the control channel', () => {
  it('has the two stages of Ctrl-C, a line each, however the bytes come', async () => {
    expect(await follow('stdin', ['interr', 'upt SIGINT\nst', 'op SIGINT\n'])).toEqual([
      'interrupt SIGINT',
      'stop SIGINT',
    ])
  })

  it('passes on what was typed, also nothing', async () => {
    expect(await follow('stdin', ['answer yes\nanswer \nanswer interrupt SIGINT\n'])).toEqual([
      'answer [yes]',
      'answer []',
      'answer [interrupt SIGINT]',
    ])
  })

  it('ignores everything else', async () => {
    expect(await follow('stdin', ['yes\n', 'interrupt\n', 'interrupt SIGKILL\n', 'stop SIGINT'])).toEqual([])
  })

  it('closed is the first stage', async () => {
    expect(await follow('stdin', [], true)).toEqual(['hang up', 'interrupt SIGTERM'])
  })

  it('closed ends only what is asked, where a verb outlives it', async () => {
    expect(await follow('lines', [], true)).toEqual(['hang up'])
  })
})

describe('a terminal at the asking end', () => {
  it('is the terminal here: it is asked, and its line is the answer', async () => {
    const { context: here, shown } = fakeTerminal()
    const piped = {
      ...here,
      stdin: new PassThrough(),
      stderr: { write: here.stderr.write.bind(here.stderr) },
    }
    const { context, answer } = relayTerminal(piped, 100)
    expect(context.stderr).toMatchObject({ isTTY: true, columns: 100 })
    const question = {
      about: 'Applying this to prod',
      answer: 'yes',
      given: undefined,
      command: 'po-migrate up prod',
    }
    const asked = confirm(question, context)
    answer('yes')
    await expect(asked).resolves.toBeUndefined()
    expect(shown()).toBe('Applying this to prod. Type yes to go on: ')
  })

  it('that is none changes nothing', () => {
    const { context } = fakeTerminal()
    expect(relayTerminal(context, Number(undefined)).context).toBe(context)
  })

  it('that is gone answers no question: refused, so that nothing waits for it', async () => {
    const { context: here } = fakeTerminal()
    const { context, hangUp } = relayTerminal({ ...here, stdin: new PassThrough() }, 100)
    const question = { about: 'Wiping', answer: 'yes', given: undefined, command: 'po-migrate cutover vps' }
    const asked = confirm(question, context)
    hangUp()
    await expect(asked).rejects.toMatchObject({ exitCode: 4 })
  })
})

describe('whoever said that it is there', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  const listenTo = (stdin: PassThrough): string[] => {
    const heard: string[] = []
    followControl(stdin, 'stdin', {
      interrupt: (reason) => void heard.push(reason),
      stop: () => {},
      answer: () => {},
      hangUp: () => {},
    })
    return heard
  }

  it('counts as gone after falling silent, and not before', async () => {
    const stdin = new PassThrough()
    const heard = listenTo(stdin)
    for (let beat = 0; beat < 10; beat++) {
      stdin.write('alive\n')
      await turn()
      vi.advanceTimersByTime(alive.everyMs)
    }
    expect(heard).toEqual([])
    vi.advanceTimersByTime(alive.patienceMs)
    expect(heard).toEqual(['SIGTERM'])
  })

  it('is not missed when it never said so, as in a CI job', async () => {
    const stdin = new PassThrough()
    const heard = listenTo(stdin)
    stdin.write('yes\n')
    await turn()
    vi.advanceTimersByTime(10 * alive.patienceMs)
    expect(heard).toEqual([])
  })
})

it.each([
  'on po-vps: commit 1a2b3c4d5e6f, po-migrate 0.1.0, in /srv/po/qual/releases/1a2b',
  'on po-vps: commit unknown, po-migrate 0.1.0, in /home/me/a directory',
])('the first line names a commit: %s', (line) => {
  expect(helloLine.exec(`noise\n${line}\n`)?.[1]).toMatch(/^(1a2b3c4d5e6f|unknown)$/)
})
