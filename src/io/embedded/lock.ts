import { rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, exitCodes, usageError } from '../../errors.ts'
import { makeDirectories } from '../../make-directories.ts'

export type EmbeddedLockOptions = {
  /** A socket's path: the system allows about 100 bytes. */
  path: string
  environment: string
  /** Seconds to wait for another process. */
  wait: number
  /** Told how many seconds are left to wait. */
  onWait: (seconds: number) => void
}

const retryDelay = 250

const listen = (path: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(path, () => resolve(server.unref()))
  })

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
    socket.once('close', () => socket.destroy())
  })

const take = async (path: string): Promise<Server | undefined> => {
  const server = await listen(path)
  if (server || (await answers(path))) return server
  // Left by a process that was killed: the system refuses connections to it.
  rmSync(path, { force: true })
  return listen(path)
}

/**
 * Two processes on one PGlite directory would corrupt it. A listening socket is a lock that ends with its process.
 * @throws AppError (exit 5) when another run holds it longer than the wait, (exit 2) when the path cannot be used.
 */
export const lockEmbedded = async (options: EmbeddedLockOptions): Promise<AsyncDisposable> => {
  const { path, environment, wait, onWait } = options
  const deadline = performance.now() + wait * 1000
  for (;;) {
    const server = await tryTake(path)
    if (server) return { [Symbol.asyncDispose]: async () => void (await closed(server)) }
    const left = deadline - performance.now()
    if (left <= 0)
      throw new AppError(`Another run has the data of ${environment} open.`, {
        exitCode: exitCodes.locked,
        details: [`The embedded Postgres serves one run at a time (${path}).`],
        hint: 'wait until it ends, then run it again',
      })
    onWait(Math.ceil(left / 1000))
    await sleep(retryDelay)
  }
}

const tryTake = async (path: string): Promise<Server | undefined> => {
  try {
    makeDirectories(dirname(path), 0o700)
    return await take(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const long = code === 'EINVAL' || code === 'ENAMETOOLONG'
    throw usageError(
      `The state directory cannot be used: ${long ? `${path} is too long for a socket` : message}.`,
      'set state: in the config to a directory of yours with a short path',
    )
  }
}

const closed = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve))
