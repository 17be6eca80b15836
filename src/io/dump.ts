import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { AppError, exitCodes } from '../errors.ts'
import { sessionName } from '../model/session.ts'
import type { Docker } from './docker.ts'
import { dockerMessage } from './docker.ts'
import { type ExecOptions, type ExecResult, runExec } from './exec.ts'
import type { Server } from './postgres.ts'

/** A Postgres server and its container, whose own binaries dump and restore: their versions always fit. */
export type DumpTarget = {
  docker: Docker
  /** Id of the container. */
  container: string
  server: Server
  /** Superuser; the socket in the official image asks for no password. */
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

/** What was written: bytes, and their sha256, hex. */
export type Written = { bytes: number; sha256: string }

/** Only its owner and the group of the state directory: dumps hold all data, globals the verifiers of passwords. */
const mode = 0o640

const full = new Set(['ENOSPC', 'EDQUOT'])

const cannotWrite = (file: string, cause: unknown): AppError => {
  const { code, message } = cause as NodeJS.ErrnoException
  const why = full.has(code ?? '') ? 'no space is left there' : message
  return new AppError(`${file} cannot be written: ${why}.`, {
    exitCode: exitCodes.failed,
    ...(full.has(code ?? '') && { hint: `df -h ${file.slice(0, file.lastIndexOf('/'))}` }),
    cause,
  })
}

const tellEvery = 200

/** Counts and tells, at most a few times a second. */
const meter = (onProgress: DumpOptions['onProgress'], total?: number) => {
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

/** Ends the backends of this run's dumps: a process that was killed leaves its statement running. */
const endBackends = async ({ server, run }: DumpTarget): Promise<void> => {
  const sql =
    'select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where application_name = $1'
  await server.query('postgres', sql, [sessionName(run, 'dump')])
}

const runTool = async (
  target: DumpTarget,
  options: Omit<ExecOptions, 'container' | 'env'>,
): Promise<ExecResult> => {
  const { docker, container, run } = target
  const { signal } = options
  const end = (): void => void endBackends(target).catch(() => {})
  signal?.addEventListener('abort', end)
  try {
    return await runExec(docker, {
      ...options,
      container,
      env: {
        PGAPPNAME: sessionName(run, 'dump'),
        PGCONNECT_TIMEOUT: '10',
        // Whatever the database or the role sets.
        PGOPTIONS: '-c statement_timeout=0 -c default_transaction_read_only=off',
      },
    })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError(
      `${options.command[0]} cannot be run in ${target.server.label}: ${dockerMessage(cause)}.`,
      {
        exitCode: exitCodes.failed,
        cause,
      },
    )
  } finally {
    signal?.removeEventListener('abort', end)
  }
}

/** pg_dump and pg_restore say much; the errors, and the last words. */
const lastWords = (text: string): string[] => {
  const lines = text.split('\n').filter(Boolean)
  const errors = lines.filter(
    (line) => line.includes('error:') || line.includes('DETAIL:') || line.includes('FATAL:'),
  )
  return (errors.length > 0 ? errors : lines).slice(-6)
}

const cut = (what: string): AppError => new AppError(`${what} was cut short.`, { exitCode: exitCodes.failed })

const failedTool = (what: string, { exitCode, stderr }: ExecResult, { server }: DumpTarget): AppError =>
  new AppError(`${what} failed${exitCode === null ? '' : ` (exit code ${exitCode})`}.`, {
    exitCode: exitCodes.failed,
    details: lastWords(server.redact(stderr)),
  })

/** Creates the file, writes what the command answers, and has it on the disk before it returns. */
const writeOutput = async (
  target: DumpTarget,
  { what, command, file, onProgress, signal }: DumpOptions & { what: string; command: readonly string[] },
): Promise<Written> => {
  if (signal?.aborted) throw cut(what)
  let handle: FileHandle | undefined
  try {
    handle = await open(file, 'wx', mode)
    // Whatever the umask left of it.
    await handle.chmod(mode)
  } catch (cause) {
    await handle?.close()
    throw cannotWrite(file, cause)
  }
  const output = handle
  const hash = createHash('sha256')
  const count = meter(onProgress)
  let bytes = 0
  const write = async (chunk: Buffer): Promise<void> => {
    try {
      for (let at = 0; at < chunk.length; ) at += (await output.write(chunk, at)).bytesWritten
    } catch (cause) {
      throw cannotWrite(file, cause)
    }
    hash.update(chunk)
    bytes += chunk.length
    count(chunk.length)
  }
  try {
    const result = await runTool(target, { command, onOutput: write, ...(signal && { signal }) })
    if (signal?.aborted) throw cut(what)
    if (result.exitCode !== 0) throw failedTool(what, result, target)
    await output.sync().catch((cause) => {
      throw cannotWrite(file, cause)
    })
  } finally {
    await output.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** Compressed lightly: the network of a container is no bottleneck, the processor is. */
const compression = '--compress=1'

export type DatabaseDump = DumpOptions & {
  database: string
  /** Of `openSnapshot`: what it sees is what is dumped. */
  snapshot?: string
}

/**
 * Dumps one database in the custom format, on the given snapshot.
 * @throws AppError (exit 1) naming the file and the cause: pg_dump's own words, a full disk, cut short.
 */
export const dumpDatabase = (
  target: DumpTarget,
  { database, snapshot, ...options }: DatabaseDump,
): Promise<Written> =>
  writeOutput(target, {
    ...options,
    what: `The dump of ${database}`,
    command: [
      'pg_dump',
      '--no-password',
      `--username=${target.user}`,
      '--format=custom',
      compression,
      ...(snapshot ? [`--snapshot=${snapshot}`] : []),
      `--dbname=${connectionString(database)}`,
    ],
  })

/**
 * Roles with the verifiers of their passwords, memberships, their settings, tablespaces: as SQL, by pg_dumpall.
 * The verifiers go into this file alone.
 */
export const dumpGlobals = (target: DumpTarget, options: DumpOptions): Promise<Written> =>
  writeOutput(target, {
    ...options,
    what: 'The dump of the roles',
    command: [
      'pg_dumpall',
      '--no-password',
      `--username=${target.user}`,
      '--globals-only',
      '--database=postgres',
    ],
  })

/** A database's name where libpq would read `key=value` or a URL. */
const connectionString = (database: string): string =>
  `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/**
 * Restores a dump into an empty database, stopping at the first error.
 * @throws AppError (exit 1) with pg_restore's own words, or cut short.
 */
export const restoreDatabase = async (
  target: DumpTarget,
  options: DumpOptions & {
    database: string
    /** Puts tables where they were; a scratch server has no tablespaces. */
    tablespaces: boolean
  },
): Promise<void> => {
  const { database, file, tablespaces, onProgress, signal } = options
  const what = `Restoring ${file} into ${database}`
  if (signal?.aborted) throw cut(what)
  const { size } = await stat(file)
  const count = meter(onProgress, size)
  async function* read(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 18 })) {
      count(chunk.length)
      yield chunk
    }
  }
  const command = [
    'pg_restore',
    '--no-password',
    `--username=${target.user}`,
    '--exit-on-error',
    ...(tablespaces ? [] : ['--no-tablespaces']),
    `--dbname=${connectionString(database)}`,
  ]
  const result = await runTool(target, { command, input: read(), ...(signal && { signal }) })
  if (signal?.aborted) throw cut(what)
  if (result.exitCode !== 0) throw failedTool(what, result, target)
}
