import { PassThrough } from 'node:stream'
import type { Container } from 'dockerode'
import type { Docker } from './docker.ts'

export type Fed = {
  /** Its stdin; the container's work ends with it. */
  stream: NodeJS.ReadWriteStream
  /** What it writes, on either of its two outputs. */
  output: PassThrough
}

/** Starts a container that waits for a tar on its stdin, attached before it can say anything, and feeds it. */
export const startFed = async (docker: Docker, container: Container, archive: Buffer): Promise<Fed> => {
  const stream = await container.attach({
    stream: true,
    stdin: true,
    stdout: true,
    stderr: true,
    hijack: true,
  })
  const output = new PassThrough()
  docker.modem.demuxStream(stream, output, output)
  // A daemon that dies ends the stream without an end.
  for (const event of ['end', 'close', 'error']) stream.on(event, () => output.end())
  await container.start()
  stream.write(archive)
  return { stream, output }
}
