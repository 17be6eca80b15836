import { AppError, exitCodes } from '../../errors.ts'
import { sessionName } from '../../model/session.ts'
import { type Docker, dockerMessage } from '../docker/docker.ts'
import { type ExecOptions, type ExecResult, runExec } from '../docker/exec.ts'
import { openPulse, type Pulse } from '../host/pulse.ts'
import { endSessions } from './backends.ts'
import type { Server } from './postgres.ts'
import { withLogin } from './tool-login.ts'

/** A Postgres server and its container, whose own binaries dump and restore: their versions always fit. */
export type DumpTarget = {
  docker: Docker
  /** Id of the container that has the tools: the server's own, or one beside it. */
  container: string
  /** What makes the tools of one beside ask this server. */
  env?: Readonly<Record<string, string>> | undefined
  server: Server
  user: string
  run: string
}

/** Bytes so far, bytes a second; `total` is known when a file is read. */
export type DumpProgress = { bytes: number; rate: number; total?: number }

export type DumpOptions = {
  /** Absolute path of the file to write or to read. */
  file: string
  onProgress?: (progress: DumpProgress) => void
  /** Ends it, backend and process. */
  signal?: AbortSignal
}

const tellEvery = 200

/** Counts and tells, at most a few times a second. */
export const meter = (onProgress: DumpOptions['onProgress'], total?: number) => {
  const started = performance.now()
  let told = started
  let bytes = 0
  return (count: number): void => {
    bytes += count
    const now = performance.now()
    if (now - told < tellEvery) return
    told = now
    const seconds = (now - started) / 1000
    onProgress?.({ bytes, rate: bytes / seconds, ...(total !== undefined && { total }) })
  }
}

/** A database's name where libpq would read `key=value` or a URL. */
export const connectionString = (database: string): string =>
  `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** A dump has no limit: only a server that stops answering ends it. */
const watchServer = ({ server }: DumpTarget): Pulse =>
  openPulse({
    ask: async () => void (await server.query(server.maintenance, 'select 1')),
    every: 10_000,
    misses: 2,
    explain: (cause) => cause as AppError,
  })

/**
 * Runs one of the server's own tools in its container, under a name by which its backend is found and ended.
 * `settings`: PGOPTIONS beside those that every tool gets.
 * @throws AppError (exit 1) when it cannot be run at all; its exit code is the caller's to judge.
 */
export const runTool = async (
  target: DumpTarget,
  { settings = '', ...options }: Omit<ExecOptions, 'container' | 'env'> & { settings?: string },
): Promise<ExecResult> => {
  const { docker, container, run } = target
  const gone = new AbortController()
  const leave = watchServer(target).attend((error) => gone.abort(error))
  const signal = AbortSignal.any([gone.signal, ...(options.signal ? [options.signal] : [])])
  const end = (): void => void endSessions(target.server, sessionName(target.run, 'dump')).catch(() => {})
  signal.addEventListener('abort', end)
  try {
    const call = target.env ? { env: target.env } : withLogin(target.server, options)
    const ended = await runExec(docker, {
      ...options,
      signal,
      container,
      ...call,
      env: {
        ...call.env,
        PGAPPNAME: sessionName(run, 'dump'),
        PGCONNECT_TIMEOUT: '10',
        // Whatever the database or the role sets.
        PGOPTIONS: ['-c statement_timeout=0 -c default_transaction_read_only=off', settings].join(' ').trim(),
        // What it says is read.
        LC_ALL: 'C',
      },
    })
    gone.signal.throwIfAborted()
    return ended
  } catch (cause) {
    gone.signal.throwIfAborted()
    if (cause instanceof AppError) throw cause
    throw new AppError(
      `${options.command[0]} cannot be run in ${target.server.label}: ${dockerMessage(cause)}.`,
      {
        exitCode: exitCodes.failed,
        cause,
      },
    )
  } finally {
    leave()
    signal.removeEventListener('abort', end)
  }
}

/** The errors among the words of pg_dump or pg_restore, else the last ones. */
const lastWords = (text: string): string[] => {
  const lines = text.split('\n').filter(Boolean)
  const errors = lines.filter(
    (line) => line.includes('error:') || line.includes('DETAIL:') || line.includes('FATAL:'),
  )
  return (errors.length > 0 ? errors : lines).slice(-6)
}

export const cut = (what: string): AppError =>
  new AppError(`${what} was cut short.`, { exitCode: exitCodes.failed })

/** That a tool failed, in its own words, redacted. */
export const failedTool = (
  what: string,
  { exitCode, stderr }: ExecResult,
  { server }: DumpTarget,
): AppError =>
  new AppError(`${what} failed${exitCode === null ? '' : ` (exit code ${exitCode})`}.`, {
    exitCode: exitCodes.failed,
    details: lastWords(server.redact(stderr)),
  })
