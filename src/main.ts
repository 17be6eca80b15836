#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Context, Detached } from './model/context.ts'

// Beside the bundle, not in /tmp, where somebody else could have made the directory first. Unwritable: no cache.
if (import.meta.filename.endsWith('.mjs')) enableCompileCache(join(import.meta.dirname, '.compile-cache'))
const { runCli } = await import('./cli.ts')

const interrupt = new AbortController()
const stop = new AbortController()
/** npm and terminals deliver a signal twice within moments; a second one counts after this. */
const doubled = 1000
let first = 0

const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
  if (!interrupt.signal.aborted) {
    first = Date.now()
    interrupt.abort(signal)
    process.stderr.write(`\n${signal}: starting no other step; again to end it now\n`)
  } else if (Date.now() - first > doubled) stop.abort(signal)
}

process.on('SIGINT', () => onSignal('SIGINT'))
process.on('SIGTERM', () => onSignal('SIGTERM'))

/** In a session of its own: neither Ctrl-C nor the end of the terminal reaches it. */
const detach = (args: readonly string[], log: string): Detached => {
  const output = openSync(log, 'a', 0o660)
  const entry = process.argv[1] ?? ''
  const child = spawn(process.execPath, [...process.execArgv, entry, ...args], {
    detached: true,
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

const context: Context = {
  cwd: process.cwd(),
  env: process.env,
  hostname: hostname(),
  user: userInfo().username,
  pid: process.pid,
  nodeVersion: process.version,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupt: interrupt.signal,
  stop: stop.signal,
  detach,
}

process.exitCode = await runCli(process.argv.slice(2), context)
