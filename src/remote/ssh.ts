import { AppError, exitCodes } from '../errors.ts'
import { endGroup } from '../io/host/shell.ts'
import { quoteForAnyShell } from '../model/quote.ts'

/** Seconds. A host that fell silent in mid-run is given up after `alive` times `misses`. */
const limits = { connect: 10, alive: 15, misses: 4 }

/**
 * On top of the user's own config, agent and jump hosts: no questions, no unknown host, no forwardings, no other command, our
 * own stdin, the reason of a failure, and no master connection of ours, which would hold our stderr open after the verb has
 * ended. Clients before OpenSSH 8.7 do not know the last three.
 */
const options = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  `ConnectTimeout=${limits.connect}`,
  `ServerAliveInterval=${limits.alive}`,
  `ServerAliveCountMax=${limits.misses}`,
  'ControlMaster=no',
  'ClearAllForwardings=yes',
  'RemoteCommand=none',
  'PermitLocalCommand=no',
  'LogLevel=INFO',
  'IgnoreUnknown=SessionType,StdinNull,ForkAfterAuthentication',
  'SessionType=default',
  'StdinNull=no',
  'ForkAfterAuthentication=no',
]

export type SshOptions = {
  /** The user's whole environment: agents, askpass and proxy commands live there. PO_SSH_CONFIG is a config in place of the user's. */
  env: Record<string, string | undefined>
  onStdout: (text: string) => void
  onStderr: (text: string) => void
}

export type SshSession = {
  /** A line on the remote command's stdin, which stays open as long as this process lives. */
  send: (line: string) => void
  kill: () => void
  /** The remote command's exit code, or ssh's own 255. @throws AppError (exit 6) when there is no ssh here. */
  ended: Promise<number>
}

/** What ssh answers for everything of its own; also when it was killed. */
export const sshFailed = 255

const noSsh = (): AppError =>
  new AppError('There is no ssh on this machine.', {
    exitCode: exitCodes.unreachable,
    hint: 'sudo apt-get install openssh-client',
  })

/**
 * Starts a command on another machine through the system's ssh, without a terminal, its streams apart and live.
 * In a session of its own: a terminal's Ctrl-C reaches the caller alone, who decides what to send.
 */
export const openSsh = async (
  destination: string,
  command: readonly string[],
  { env, onStdout, onStderr }: SshOptions,
): Promise<SshSession> => {
  const { execa } = await import('execa')
  const config = env.PO_SSH_CONFIG ? ['-F', env.PO_SSH_CONFIG] : []
  const args = [
    ...config,
    '-T',
    ...options.flatMap((option) => ['-o', option]),
    '--',
    destination,
    quoteForAnyShell(command),
  ]
  const subprocess = execa('ssh', args, {
    env,
    extendEnv: false,
    reject: false,
    detached: true,
    buffer: false,
    stdin: 'pipe',
  })
  subprocess.stdout.setEncoding('utf8').on('data', onStdout)
  subprocess.stderr.setEncoding('utf8').on('data', onStderr)
  // A remote command that has ended reads no more; its exit code says so.
  subprocess.stdin.on('error', () => {})
  return {
    send: (line) => void subprocess.stdin.write(`${line}\n`),
    // With its proxy command, which would hold our streams open.
    kill: () => endGroup(subprocess.pid),
    ended: subprocess.then(({ exitCode, code }) => {
      if (code === 'ENOENT') throw noSsh()
      return exitCode ?? sshFailed
    }),
  }
}
