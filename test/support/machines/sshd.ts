import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { eventually, run } from '../engine/docker.ts'
import { freePort } from '../engine/registry.ts'
import { needTool } from './apt.ts'

/** What is other with a client: names of files in the server's directory, another port, further lines of its config. */
export type ClientChange = { identity?: string; hosts?: string; port?: number; lines?: readonly string[] }

export type Sshd = AsyncDisposable & {
  port: number
  /** Where keys and known hosts lie. */
  directory: string
  /** The private key that it accepts, and the known_hosts line that names it. */
  key: string
  knownHosts: string
  /** A directory to put first in a PATH: the system's ssh, with this config of ours and nobody's agent. */
  client: (change?: ClientChange) => string
  /** Lets in a new key of that name, with that line in place of the command; `$SSH_ORIGINAL_COMMAND` is what was asked for. */
  admit: (name: string, line: string) => void
  /** Ends every connection without a word, as a cut cable does, and goes on listening. */
  cut: () => Promise<void>
  /** Ends the server; it can be started again on the same port. */
  stop: () => Promise<void>
  start: () => Promise<void>
}

/** The alias by which clients know it. */
export const alias = 'the-vps'

const makeKey = (file: string): void => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file])
}

const childrenOf = async (pid: number): Promise<number[]> => {
  const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(pid)])
  return stdout.split('\n').filter(Boolean).map(Number)
}

/** Debian's sshd on loopback, with keys of its own; `env` is what a login there finds set. */
export const startSshd = async (env: Record<string, string>): Promise<Sshd> => {
  await needTool('sshd', 'openssh-server')
  await needTool('ssh', 'openssh-client')
  const directory = mkdtempSync(join(tmpdir(), 'pmt-sshd-'))
  const port = await freePort()
  const path = (name: string): string => join(directory, name)
  for (const name of ['host', 'user', 'stranger']) makeKey(path(name))
  const read = (name: string): string => readFileSync(path(name), 'utf8').trim()
  writeFileSync(path('authorized_keys'), `${read('user.pub')}\n`, { mode: 0o600 })
  writeFileSync(path('known_hosts'), `[127.0.0.1]:${port} ${read('host.pub')}\n`)
  writeFileSync(path('wrong_hosts'), `[127.0.0.1]:${port} ${read('stranger.pub')}\n`)
  writeFileSync(path('no_hosts'), '')
  const variables = Object.entries(env).map(([name, value]) => `"${name}=${value}"`)
  writeFileSync(
    path('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${path('host')}`,
      `AuthorizedKeysFile ${path('authorized_keys')}`,
      `PidFile ${path('sshd.pid')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
      'MaxStartups 100',
      `SetEnv ${variables.join(' ')}`,
      '',
    ].join('\n'),
  )
  // sshd wants its directory for privilege separation, and to be called by its absolute path.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  let server: ChildProcess | undefined
  const start = async (): Promise<void> => {
    server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', path('sshd_config')], {
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    await eventually('sshd to listen', async () =>
      (await run('ssh-keyscan', ['-p', String(port), '127.0.0.1'])).stdout.includes('ssh-ed25519'),
    )
  }
  const cut = async (): Promise<void> => {
    for (const session of await childrenOf(server?.pid ?? 0)) {
      // The one that holds the connection, and its helper of privilege separation; not what they started.
      const helpers = (await childrenOf(session)).filter(isSshd)
      for (const pid of [...helpers, session]) killQuietly(pid)
    }
  }
  const stop = async (): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise((resolve) => server?.once('exit', resolve))
    await cut()
    server.kill('SIGTERM')
    await ended
  }
  let clients = 0
  await start()
  return {
    port,
    directory,
    key: path('user'),
    knownHosts: path('known_hosts'),
    client: ({ identity = 'user', hosts = 'known_hosts', port: to = port, lines = [] } = {}) => {
      const bin = path(`bin${clients++}`)
      mkdirSync(bin)
      writeFileSync(
        join(bin, 'config'),
        [
          ...lines,
          `Host ${alias} 127.0.0.1`,
          '  HostName 127.0.0.1',
          `  Port ${to}`,
          `  User ${userInfo().username}`,
          `  IdentityFile ${path(identity)}`,
          '  IdentitiesOnly yes',
          '  IdentityAgent none',
          `  UserKnownHostsFile ${path(hosts)}`,
          '  GlobalKnownHostsFile /dev/null',
          '',
        ].join('\n'),
      )
      // ssh takes its home from the user database, not from HOME.
      const script = `#!/bin/sh\nexec /usr/bin/ssh -F '${join(bin, 'config')}' "$@"\n`
      writeFileSync(join(bin, 'ssh'), script, { mode: 0o755 })
      return bin
    },
    admit: (name, line) => {
      makeKey(path(name))
      const forced = `command="${line.replaceAll('"', '\\"')}" ${read(`${name}.pub`)}\n`
      appendFileSync(path('authorized_keys'), forced)
    },
    cut,
    stop,
    start,
    [Symbol.asyncDispose]: async () => {
      await stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const isSshd = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('sshd')
  } catch {
    return false
  }
}

const killQuietly = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was faster.
  }
}
