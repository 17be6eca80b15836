import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Exec } from 'dockerode'
import type { Docker } from './docker.ts'
import { readFrames } from './frames.ts'

export type ExecOptions = {
  container: string
  command: readonly string[]
  env?: Record<string, string>
  /** What the command reads; nothing when left out. */
  input?: AsyncIterable<Buffer>
  /** Takes the command's stdout; it is asked for more only when this has settled. */
  onOutput?: (chunk: Buffer) => Promise<void>
  /** Ends the command. */
  signal?: AbortSignal
}

/** `exitCode` is null when Docker cannot tell, as when the container died. */
export type ExecResult = { exitCode: number | null; stderr: string }

/** Says its process id first: an exec'd process outlives its client, and Docker has no call that ends it. */
const script = 'echo "$$" >&2; exec "$@"'
const longestStderr = 64 * 1024

/** A command that ends before it read everything is no failure of ours: its exit code and its words tell. */
const feed = async (raw: Duplex, input: AsyncIterable<Buffer>): Promise<void> => {
  const closed = new AbortController()
  raw.once('close', () => closed.abort())
  raw.on('error', () => closed.abort())
  for await (const chunk of input) {
    if (closed.signal.aborted) return
    if (!raw.write(chunk)) await once(raw, 'drain', { signal: closed.signal }).catch(() => {})
  }
  raw.end()
}

const settleDelays = [0, 20, 50, 100, 250, 500, 1000]

/** The stream may end a moment before Docker knows the exit code. */
const exitCodeOf = async (exec: Exec): Promise<number | null> => {
  for (const delay of settleDelays) {
    await sleep(delay)
    const { Running, ExitCode } = await exec.inspect()
    if (!Running) return ExitCode
  }
  return null
}

/** Milliseconds that a command has once it was told to end. */
const endWithin = 10_000

const cutShort = new Error('it was told to end, and did not')

const endProcess = async (docker: Docker, container: string, pid: string): Promise<void> => {
  const kill = await docker
    .getContainer(container)
    .exec({ Cmd: ['sh', '-c', 'kill -TERM "$0"', pid], AttachStderr: true })
  const stream = await kill.start({})
  stream.resume()
}

/**
 * Runs a command in a running container, as `docker exec` would; needs `sh` there.
 * @throws what `input` and `onOutput` throw; the command is ended then.
 */
export const runExec = async (docker: Docker, options: ExecOptions): Promise<ExecResult> => {
  const { container, command, env = {}, input, onOutput, signal } = options
  const exec = await docker.getContainer(container).exec({
    Cmd: ['sh', '-c', script, 'sh', ...command],
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    AttachStdin: input !== undefined,
    AttachStdout: true,
    AttachStderr: true,
  })
  const raw = await exec.start({ hijack: true, stdin: input !== undefined })
  const decoder = new StringDecoder('utf8')
  let stderr = ''
  let ended = false
  let signalled = false
  const pid = (): string | undefined =>
    stderr.includes('\n') ? stderr.slice(0, stderr.indexOf('\n')) : undefined
  const end = (): void => {
    const process = pid()
    if (ended || signalled || !process) return
    signalled = true
    endProcess(docker, container, process).catch(() => {})
    // In a paused container no process ends: then the stream is cut.
    setTimeout(() => raw.destroy(cutShort), endWithin).unref()
  }
  signal?.addEventListener('abort', end)
  let failure: unknown
  const feeding =
    input &&
    feed(raw, input).catch((error) => {
      failure ??= error
      end()
    })
  try {
    for await (const { stream, chunk } of readFrames(raw)) {
      if (stream === 2) stderr = (stderr + decoder.write(chunk)).slice(0, longestStderr)
      else if (failure === undefined)
        await onOutput?.(chunk).catch((error) => {
          failure = error
          end()
        })
      // The signal came before the process id.
      if (signal?.aborted) end()
    }
  } finally {
    ended = true
    signal?.removeEventListener('abort', end)
  }
  if (failure !== undefined) throw failure
  await feeding
  return { exitCode: await exitCodeOf(exec), stderr: stderr.slice(stderr.indexOf('\n') + 1).trim() }
}
