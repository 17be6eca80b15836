import { describe, expect, it } from 'vitest'
import { type CountdownOptions, countDown } from '../../../src/report/countdown.ts'
import { sink } from '../support/fixtures.ts'

const options: CountdownOptions = {
  seconds: 5,
  about: 'po-postgres-data is wiped',
  quiet: false,
  command: 'po-migrate cutover dev',
}
const line = 'po-postgres-data is wiped in 5 s; Ctrl-C keeps everything as it is'

/** What is shown until somebody takes the chance, at once. */
const interrupted = async (change: Partial<CountdownOptions>, shape: { isTTY?: boolean } = {}) => {
  const stderr = sink(shape)
  const interrupt = new AbortController()
  const counting = countDown({ ...options, ...change }, { stderr, interrupt: interrupt.signal })
  interrupt.abort('SIGTERM')
  await expect(counting).rejects.toMatchObject({ exitCode: 143, touched: false, hint: options.command })
  return stderr.text()
}

describe('the last chance before a reset', () => {
  it('is a line that counts on a terminal, and is gone afterwards', async () => {
    expect(await interrupted({}, { isTTY: true })).toBe(`\r\x1b[K${line}\r\x1b[K`)
  })

  it('is one line elsewhere', async () => {
    expect(await interrupted({})).toBe(`${line}\n`)
  })

  it.each([true, false])(
    'is not shown with --quiet, and is there all the same (a terminal: %s)',
    async (isTTY) => {
      expect(await interrupted({ quiet: true }, { isTTY })).toBe('')
    },
  )

  it('lasts as many seconds as it says, each shown on a terminal', async () => {
    const stderr = sink({ isTTY: true })
    const started = performance.now()
    await countDown({ ...options, seconds: 2 }, { stderr, interrupt: new AbortController().signal })
    expect(performance.now() - started).toBeGreaterThan(1900)
    expect(stderr.text().match(/\d s;/g)).toEqual(['2 s;', '1 s;'])
  })

  it('is none where the window is 0 s', async () => {
    const stderr = sink()
    await countDown({ ...options, seconds: 0 }, { stderr, interrupt: new AbortController().signal })
    expect(stderr.text()).toBe('')
  })

  it('counts no further once it was taken before it began', async () => {
    const stderr = sink()
    const counting = countDown(options, { stderr, interrupt: AbortSignal.abort('SIGINT') })
    await expect(counting).rejects.toMatchObject({ exitCode: 130 })
  })
})
