import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readFrames, readLog } from '../../../../src/io/docker/frames.ts'
import { dockerFrame } from '../../support/fixtures.ts'

const texts = ['one\n', '', 'zwölf\n', 'x'.repeat(300)]
const raw = Buffer.concat(texts.map((text, index) => dockerFrame(1 + (index % 2), text)))
const read = async (pieces: readonly Buffer[]) =>
  Array.fromAsync(readFrames(Readable.from(pieces)), ({ stream, chunk }) => [stream, chunk.toString()])

describe("Docker's frames", () => {
  it.each([1, 7, 8, 9, 100, 1000])(
    'are the same whole, however they are cut: every %i bytes',
    async (length) => {
      const pieces = Array.from({ length: Math.ceil(raw.length / length) }, (_, index) =>
        raw.subarray(index * length, (index + 1) * length),
      )
      expect(await read(pieces)).toEqual(texts.map((text, index) => [1 + (index % 2), text]))
    },
  )

  it('that are cut short at the end are left out', async () => {
    expect(await read([raw.subarray(0, raw.length - 1)])).toHaveLength(texts.length - 1)
  })
})

describe('the log of a container', () => {
  it('is what it wrote on both streams, in one text, however many lines', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`)
    const asked: unknown[] = []
    const logs = async (options: unknown) => {
      asked.push(options)
      return Buffer.concat(lines.map((line, index) => dockerFrame(1 + (index % 2), line)))
    }
    const container = { logs } as unknown as Parameters<typeof readLog>[0]
    expect(await readLog(container, { tail: 8 })).toBe(lines.join(''))
    expect(asked).toEqual([{ stdout: true, stderr: true, follow: false, tail: 8 }])
  })
})
