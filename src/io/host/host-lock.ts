import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { AppError, exitCodes } from '../../errors.ts'
import { describeHolder, type Holder } from '../../model/holder.ts'
import { interruptedWait } from '../postgres/lock.ts'
import { readHeldFile } from './held-file.ts'

export type HostLockOptions = {
  /** The state directory; it must exist. */
  state: string
  /** Cutovers exclude everybody; whoever writes excludes cutovers only. */
  mode: 'shared' | 'exclusive'
  holder: Holder
  /** Seconds to wait. */
  wait: number
  /** Ends the wait. */
  interrupt?: AbortSignal
  /** Where `flock` is looked for. */
  path: string | undefined
  /** Told once, when it does not come at once. */
  onWait?: (holder: Holder | undefined) => void
}

/**
 * Without a lock where util-linux' flock is missing (macOS, BusyBox) or does not do its work: `why`. One that is held aborts
 * `lost` with an AppError (exit 1) when its child ends before its time, or when `verify` finds another file in its place.
 */
export type HostLock = AsyncDisposable & {
  lost: AbortSignal
  /** Before each step. @throws AppError (exit 1) as `lost` has it. */
  verify: () => void
} & ({ state: 'held' } | { state: 'unavailable'; why: string })

/** The package that has flock. */
export const flockRemedy = 'sudo apt-get install util-linux, or on Alpine: sudo apk add util-linux'

const lockFile = (state: string): string => join(state, 'host.lock')
const holderFile = (state: string): string => join(state, 'host.lock.json')

/** Whether there is a flock at all, whatever it can do; asks no process. */
export const hasFlock = (path = ''): boolean =>
  path.split(delimiter).some((directory) => directory !== '' && existsSync(join(directory, 'flock')))

/** Who holds the host exclusively, as that run wrote it; nothing while it is being written. */
export const readHostHolder = (state: string): Holder | undefined => {
  try {
    return JSON.parse(readFileSync(holderFile(state), 'utf8'))
  } catch {
    return undefined
  }
}

const busy = (state: string): AppError => {
  const holder = readHostHolder(state)
  return new AppError(`The host is locked by another run${holder ? `: ${describeHolder(holder)}` : ''}.`, {
    exitCode: exitCodes.locked,
    hint: 'wait for it, or try again with --lock-wait SECONDS',
  })
}

/** Milliseconds before a wait is worth a word. */
const patience = 500

/** flock's own answer when the wait is over (`--conflict-exit-code`), which no other failure of it shares. */
const conflict = 75
/** EX_NOINPUT, EX_CANTCREAT: the lock file belongs to somebody who did not share it. */
const unreadable = new Set([66, 73])

const noFile = (state: string): AppError =>
  new AppError(`The lock file ${lockFile(state)} cannot be opened.`, {
    exitCode: exitCodes.usage,
    hint: `sudo chmod 660 ${lockFile(state)}`,
  })

const lost = (state: string, end: number | NodeJS.Signals | null): AppError =>
  new AppError('The process that held the lock of the host ended, so nothing further was started.', {
    exitCode: exitCodes.failed,
    details: [`flock on ${lockFile(state)} ended with ${end}: another run may be at work on this host.`],
  })

const replaced = (state: string): AppError =>
  new AppError('The lock file of the host was removed, so nothing further was started.', {
    exitCode: exitCodes.failed,
    details: [`Who comes next locks a new ${lockFile(state)}: another run may be at work on this host.`],
  })

const held = 'held'

type Ended = { code: number | null; signal: NodeJS.Signals | null; said: string }

/** What flock did instead of locking: never taken for a lock, nor for another run. */
const describeEnd = (outcome: Error | Ended): string => {
  if (outcome instanceof Error)
    return (outcome as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no flock' : outcome.message
  const { code, signal, said } = outcome
  const [line = ''] = said.trim().split('\n')
  return `flock ended with ${signal ?? code}${line && `: ${line}`}`
}

type Held = { child: ChildProcess; exited: Promise<void> }

/** Nothing where the file was removed while this run waited for it: then others lock a new one. */
const hold = async (
  { child, exited }: Held,
  { state, mode, holder }: HostLockOptions,
): Promise<HostLock | undefined> => {
  const losing = new AbortController()
  const lose = (code: number | null, signal: NodeJS.Signals | null): void =>
    losing.abort(lost(state, signal ?? code))
  child.once('exit', lose)
  if (child.exitCode !== null || child.signalCode !== null) lose(child.exitCode, child.signalCode)
  const release = async (): Promise<void> => {
    child.off('exit', lose)
    child.stdin?.end()
    await exited
  }
  const file = readHeldFile(child.pid ?? 0, lockFile(state))
  if (!file.stands()) return void (await release())
  // Under the lock: what stands there is of a run that was killed.
  rmSync(holderFile(state), { force: true })
  if (mode === 'exclusive') writeFileSync(holderFile(state), JSON.stringify(holder), { mode: 0o660 })
  return {
    state: 'held',
    lost: losing.signal,
    verify: () => {
      if (!file.stands()) losing.abort(replaced(state))
      losing.signal.throwIfAborted()
    },
    [Symbol.asyncDispose]: async () => {
      // Lost, the file may be of who has the lock now.
      if (mode === 'exclusive' && !losing.signal.aborted && file.stands())
        rmSync(holderFile(state), { force: true })
      await release()
    },
  }
}

/**
 * Locks the host's state directory. A child holds the lock and reads from our pipe: when this process dies, however it
 * dies, the pipe ends, the child ends, and the kernel frees the lock.
 * @throws AppError: exit 5 when the wait is over, 2 when the lock file cannot be opened.
 */
export const acquireHostLock = async (options: HostLockOptions): Promise<HostLock> => {
  const { state, mode, wait, interrupt, path, onWait } = options
  const deadline = performance.now() + wait * 1000
  const limits = ['--wait', String(wait), '--conflict-exit-code', String(conflict)]
  const args = [`--${mode}`, ...limits, lockFile(state), 'sh', '-c', `echo ${held}; exec cat`]
  const child = spawn('flock', args, { stdio: 'pipe', detached: true, env: { PATH: path } })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const told = setTimeout(() => onWait?.(readHostHolder(state)), patience)
  const giveUp = (): void => void child.kill()
  interrupt?.addEventListener('abort', giveUp)
  // A child that ended has closed its end.
  child.stdin.on('error', () => {})
  const outcome = await new Promise<typeof held | Error | Ended>((resolve) => {
    let said = ''
    child.once('error', resolve)
    child.once('close', (code, signal) => resolve({ code, signal, said }))
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
    })
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString('utf8') === `${held}\n`) resolve(held)
    })
  })
  clearTimeout(told)
  interrupt?.removeEventListener('abort', giveUp)
  if (outcome !== held) {
    if (interrupt?.aborted) throw interruptedWait(interrupt)
    const code = 'code' in outcome ? outcome.code : undefined
    if (code === conflict) throw busy(state)
    if (typeof code === 'number' && unreadable.has(code)) throw noFile(state)
    const { signal } = new AbortController()
    return {
      ...{ state: 'unavailable', why: describeEnd(outcome), lost: signal, verify: () => {} },
      [Symbol.asyncDispose]: async () => {},
    }
  }
  const left = Math.max(0, Math.round((deadline - performance.now()) / 1000))
  return (await hold({ child, exited }, options)) ?? acquireHostLock({ ...options, wait: left })
}
