#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { loginName } from './io/host/login-name.ts'
import type { Context, Detached, InterruptReason, LastWords } from './model/context.ts'

// Beside the bundle, not in /tmp, where somebody else could have made the directory first. Unwritable: no cache.
const isBundle = import.meta.filename.endsWith('.cjs')
if (isBundle) enableCompileCache(join(import.meta.dirname, '.compile-cache'))

// Of WebAssembly: V8's optimising compiler takes 500 MB for the parser of SQL, and longer than it saves. None does it alone.
for (const flag of ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering'])
  setFlagsFromString(flag)

const interrupt = new AbortController()
const stop = new AbortController()
/** npm and terminals deliver a signal twice within moments; a second one counts after this. */
const doubled = 1000
let first = 0

const onSignal = (signal: InterruptReason): void => {
  if (!interrupt.signal.aborted) {
    first = performance.now()
    interrupt.abort(signal)
    process.stderr.write(`\n${signal}: starting no other step; again to end it now\n`)
  } else if (performance.now() - first > doubled) stop.abort(signal)
}

process.on('SIGINT', () => onSignal('SIGINT'))
process.on('SIGTERM', () => onSignal('SIGTERM'))

const lastWords: LastWords = {
  say: (reason) => void process.stderr.write(`${reason}: ended before it was through\n`),
}
/** Whatever this process waits for, it is given no longer after the second signal. */
stop.signal.addEventListener('abort', () => {
  const end = (): void => {
    try {
      lastWords.say(stop.signal.reason)
    } finally {
      process.exit(stop.signal.reason === 'SIGTERM' ? 143 : 130)
    }
  }
  setTimeout(end, lastWords.patience ?? 3500).unref()
})

// Whoever read our output has gone, or its disk is full: a run in mid-migration goes on without it, and its code is its own.
process.stderr.on('error', () => {})
process.stdout.once('error', ({ code, message }: NodeJS.ErrnoException) => {
  process.stdout.on('error', () => {})
  if (code !== 'EPIPE' && code !== 'ECONNRESET')
    process.stderr.write(`stdout is not complete: ${message}; the exit code is the run's\n`)
})

const env = { ...process.env }
// dockerode reads them by itself when it is made, by rules of its own; here they are read once, by the docker CLI's.
delete process.env.DOCKER_HOST
delete process.env.DOCKER_CERT_PATH

/** In a session of its own: neither Ctrl-C nor the end of the terminal reaches it. */
const detach = (args: readonly string[], log: string): Detached => {
  const output = openSync(log, 'a', 0o660)
  const entry = process.argv[1] ?? ''
  const child = spawn(process.execPath, [...process.execArgv, entry, ...args], {
    detached: true,
    // Nobody speaks to it through a channel.
    env: { ...env, PO_MIGRATE_CONTROL: '', PO_MIGRATE_TERMINAL: '' },
    stdio: ['ignore', 'ignore', output],
  })
  closeSync(output)
  child.unref()
  let alive = true
  child.once('exit', () => {
    alive = false
  })
  return { isAlive: () => alive, signal: (name) => void child.kill(name) }
}

const here: Context = {
  cwd: process.cwd(),
  env,
  hostname: hostname(),
  user: loginName(process.getuid?.()),
  pid: process.pid,
  nodeVersion: process.version,
  ...(isBundle && basename(import.meta.dirname) === 'dist' && { root: dirname(import.meta.dirname) }),
  // Made when it is asked for: most runs ask nobody.
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  interrupt: interrupt.signal,
  stop: stop.signal,
  lastWords,
  detach,
}

const { PO_MIGRATE_CONTROL: control, PO_MIGRATE_TERMINAL: columns } = process.env

/** Asked for over ssh: signals and answers come through stdin, and whoever asks is told first what answers. */
const answerOverSsh = async (over: 'stdin' | 'lines'): Promise<Context> => {
  const { describeHere, followControl, relayTerminal } = await import('./remote/serve.ts')
  const { context, ...terminal } = relayTerminal(here, Number(columns))
  followControl(process.stdin, over, {
    interrupt: (reason) => interrupt.abort(reason),
    stop: (reason) => stop.abort(reason),
    ...terminal,
  })
  process.stderr.write(`${await describeHere(here)}\n`)
  return context
}

const main = async (): Promise<void> => {
  // After the signals, since it takes a while.
  const { runCli } = await import('./cli.ts')
  const context = control === 'stdin' || control === 'lines' ? await answerOverSsh(control) : here
  process.exitCode = await runCli(process.argv.slice(2), context)
  // Still open at the other end, it would keep this process.
  if (control) process.stdin.destroy()
}

// CommonJS has no `await` out here.
void main()
