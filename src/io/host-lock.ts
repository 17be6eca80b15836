import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import { describeHolder, type Holder } from '../model/holder.ts'

export type HostLockOptions = {
  /** The state directory; it must exist. */
  state: string
  /** Cutovers exclude everybody; whoever writes excludes cutovers only. */
  mode: 'shared' | 'exclusive'
  holder: Holder
  /** Seconds to wait. */
  wait: number
}

/** `unavailable` where util-linux' flock is missing (macOS). */
export type HostLock = AsyncDisposable & { state: 'held' | 'unavailable' }

const lockFile = (state: string): string => join(state, 'host.lock')
const holderFile = (state: string): string => join(state, 'host.lock.json')

/** Who holds the host exclusively, as that run wrote it. */
export const readHostHolder = (state: string): Holder | undefined => {
  const file = holderFile(state)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

const busy = (state: string): AppError => {
  const holder = readHostHolder(state)
  return new AppError(`The host is locked by another run${holder ? `: ${describeHolder(holder)}` : ''}.`, {
    exitCode: exitCodes.locked,
    details: ['Nothing was touched.'],
    hint: 'wait for it, or try again with --lock-wait SECONDS',
  })
}

/**
 * Locks the host's state directory. A child holds the lock and reads from our pipe: when this process dies, however it
 * dies, the pipe ends, the child ends, and the kernel frees the lock.
 * @throws AppError (exit 5) when the wait is over.
 */
export const acquireHostLock = async ({ state, mode, holder, wait }: HostLockOptions): Promise<HostLock> => {
  const args = [`--${mode}`, '--wait', String(wait), lockFile(state), 'sh', '-c', 'echo held; exec cat']
  const child = spawn('flock', args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const outcome = await new Promise<'held' | 'busy' | 'unavailable'>((resolve) => {
    child.once('error', () => resolve('unavailable'))
    child.once('close', () => resolve('busy'))
    child.stdout.once('data', () => resolve('held'))
  })
  if (outcome === 'unavailable') return { state: 'unavailable', [Symbol.asyncDispose]: async () => {} }
  if (outcome === 'busy') throw busy(state)
  if (mode === 'exclusive') writeFileSync(holderFile(state), JSON.stringify(holder), { mode: 0o660 })
  return {
    state: 'held',
    [Symbol.asyncDispose]: async () => {
      if (mode === 'exclusive') rmSync(holderFile(state), { force: true })
      child.stdin.end()
      await exited
    },
  }
}
