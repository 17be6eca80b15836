#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Context } from './model/context.ts'

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
}

process.exitCode = await runCli(process.argv.slice(2), context)
