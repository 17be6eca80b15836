import { AppError, amend, type ExitCode, exitCodes } from './errors.ts'

/** As Postgres' driver, dockerode, and Node's file system and sockets throw. */
type Foreign = Error & {
  code?: string
  severity?: string
  where?: string
  statusCode?: number
  json?: { message?: string }
  path?: string
  syscall?: string
}

const noPeer = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'])
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const unexpected = 'Unexpected: '

type Told = { message: string; exitCode?: ExitCode; details?: string[]; hint: string }

/** Conditions that are met in the field, each with its sentence. */
const explain = ({ message, code = '', severity, where, statusCode, ...rest }: Foreign): Told | undefined => {
  const { json, path, syscall } = rest
  if (severity === 'FATAL')
    return {
      message: `Postgres ended the session: ${message} (${code}).`,
      exitCode: exitCodes.unreachable,
      hint: 'po-migrate doctor',
    }
  if (severity !== undefined)
    return {
      message: `Postgres refused what this tool asked: ${message} (${code}).`,
      details: where ? [where] : [],
      hint: 'po-migrate doctor',
    }
  if (statusCode !== undefined)
    return {
      message: `Docker refused: ${json?.message ?? message} (${statusCode}).`,
      hint: 'po-migrate doctor',
    }
  if (noPeer.has(code) || syscall === 'connect')
    return {
      message: `Docker, or a server, does not answer any more: ${message}.`,
      exitCode: exitCodes.unreachable,
      hint: 'docker version; po-migrate doctor',
    }
  if (path !== undefined && syscall !== undefined)
    return { message: `${path}: ${message}.`, hint: `ls -ld ${quote(path)}; df -h ${quote(path)}` }
  return undefined
}

/**
 * An AppError as it is; what Postgres, Docker or the file system threw as an outcome with a remedy; anything else as what it
 * is: a bug. `begun`: something may have been done before, so that no code may promise the opposite.
 */
export const asAppError = (error: unknown, { begun }: { begun: boolean }): AppError => {
  if (error instanceof AppError) return error
  const cause = error instanceof Error ? error : new Error(String(error))
  const told = explain(cause)
  if (told) {
    const { message, exitCode = exitCodes.failed, ...rest } = told
    return new AppError(message, { ...rest, exitCode: begun ? exitCodes.failed : exitCode, cause })
  }
  return new AppError(`${unexpected}${cause.message}`, {
    exitCode: exitCodes.failed,
    hint: 'run it again with --verbose, and report it with the output',
    cause,
  })
}

/** The stack of a bug, for `--verbose`. */
export const withStack = (error: AppError): AppError =>
  error.message.startsWith(unexpected) && error.cause instanceof Error
    ? amend(error, { details: [error.cause.stack ?? '', ...error.details] })
    : error
