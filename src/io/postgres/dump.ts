import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { AppError, exitCodes } from '../../errors.ts'
import {
  connectionString,
  cut,
  type DumpOptions,
  type DumpTarget,
  failedTool,
  meter,
  runTool,
} from './dump-tool.ts'

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

/** Whether the server's own pg_dump is there and can log in; answers its version. @throws AppError (exit 1) with its words. */
export const tryDump = async (target: DumpTarget): Promise<string> => {
  const what = 'A dump of nothing'
  const login = [
    '--no-password',
    `--username=${target.user}`,
    `--dbname=${connectionString(target.server.maintenance)}`,
  ]
  const result = await runTool(target, {
    command: ['pg_dump', ...login, '--schema-only', '--exclude-schema=*'],
  })
  if (result.exitCode !== 0) throw failedTool(what, result, target)
  let version = ''
  await runTool(target, {
    command: ['pg_dump', '--version'],
    onOutput: async (chunk) => {
      version += chunk.toString('utf8')
    },
  })
  return version.trim()
}

/**
 * Roles with the verifiers of their passwords (unless `passwords` is false: only a superuser may read those), memberships, their settings, tablespaces: as SQL, by pg_dumpall.
 * The verifiers go into this file alone.
 */
export const dumpGlobals = (
  target: DumpTarget,
  { passwords, ...options }: DumpOptions & { passwords: boolean },
): Promise<Written> =>
  writeOutput(target, {
    ...options,
    what: 'The dump of the roles',
    command: [
      'pg_dumpall',
      '--no-password',
      `--username=${target.user}`,
      '--globals-only',
      ...(passwords ? [] : ['--no-role-passwords']),
      `--database=${connectionString(target.server.maintenance)}`,
    ],
  })
