import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../root.ts'
import { baseEnv } from '../tool/tool.ts'

export const swarmScript = join(root, 'infrastructure/scripts/test-swarm.sh')

/** Of all calls: with XDG_CACHE_HOME in some of them there would be two places for a swarm. */
export const swarmEnv = (): Record<string, string | undefined> => {
  const { PO_ENGINE_DIR, PO_SWARM_DIR } = process.env
  return { ...baseEnv(), PO_ENGINE_DIR, PO_SWARM_DIR }
}

/** Sockets in the file system are not of a network namespace. */
const listener = `const { connect, createServer } = require('net')
const [port, socket] = process.argv.slice(1)
createServer((one) => {
  const other = connect(socket)
  for (const [from, to] of [[one, other], [other, one]]) from.on('error', () => to.destroy()).pipe(to)
}).listen(Number(port), '127.0.0.1', () => console.log('listening'))`

/** The manager reaches what listens on that port of this machine's loopback, under the same address. */
export const forwardToManager = async (port: number): Promise<AsyncDisposable> => {
  const directory = mkdtempSync(join(tmpdir(), 'pmt-forward-'))
  const socket = join(directory, 'socket')
  const server = createServer((one) => {
    const other = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const)
      from.on('error', () => to.destroy()).pipe(to)
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const child = spawn(swarmScript, ['manager', process.execPath, '-e', listener, String(port), socket], {
    env: swarmEnv(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('exit', (code) => reject(new Error(`the forwarder ended with ${code}`)))
  })
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill()
      server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
