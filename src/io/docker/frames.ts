import { Readable } from 'node:stream'
import type { Container, ContainerLogsOptions } from 'dockerode'

const header = 8

type Frame = { stream: number; chunk: Buffer }

/**
 * Docker's frames (stream, length, payload), taken no faster than they are consumed. Modem's `demuxStream` holds nobody back,
 * so that a dump would gather in memory, and calls itself for each frame: some thousand in one piece overflow its stack.
 */
export async function* readFrames(raw: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of raw) {
    rest = rest.length > 0 ? Buffer.concat([rest, piece]) : piece
    while (rest.length >= header) {
      const length = rest.readUInt32BE(4)
      if (rest.length < header + length) break
      yield { stream: rest[0] ?? 0, chunk: rest.subarray(header, header + length) }
      rest = rest.subarray(header + length)
    }
  }
}

/** What a container wrote so far, on both streams. */
export const readLog = async (
  container: Pick<Container, 'logs'>,
  options: Pick<ContainerLogsOptions, 'since' | 'tail'>,
): Promise<string> => {
  const raw = await container.logs({ stdout: true, stderr: true, follow: false, ...options })
  const chunks = await Array.fromAsync(readFrames(Readable.from([raw])), ({ chunk }) => chunk)
  return Buffer.concat(chunks).toString('utf8')
}
