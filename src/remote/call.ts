import { type ExitCode, usageError } from '../errors.ts'
import type { Context } from '../model/context.ts'
import type { Host } from '../model/types.ts'
import { userOf } from '../run/provenance.ts'
import { listen, listenFromMark, startMark } from './ear.ts'
import { concludeRemote, interruptedBefore, toolMissing, unanswered } from './outcome.ts'
import { alive, type Control } from './serve.ts'
import { openSsh, type SshSession, sshFailed } from './ssh.ts'

/** A verb as it will be typed on the host. */
export type RemoteCall = {
  host: Host
  /** Absent: the verb is about the host itself. */
  environment?: string | undefined
  /** Verb, arguments and flags. */
  args: readonly string[]
  control: Control
  /** Whether it may change something: a connection lost in mid-run is then a failure. */
  changes: boolean
  quiet: boolean
  /** Columns of the terminal at which whoever asks sits: there are live lines, colour and questions. */
  terminal?: number | undefined
  /** The commit of this checkout, for comparison. */
  commit: string | null
}

/** The checkout on the host: the one of all environments, or the current release of one. */
export const directoryOn = (host: Host, environment?: string): string => {
  if (host.directory) return host.directory
  const release = environment ?? host.stackEnvironment
  if (release !== undefined) return `${host.releases}/${release}/current`
  throw usageError(
    `The host ${host.name} keeps a release for each environment, and the config does not say from which its own stack runs.`,
    `set hosts.${host.name}.stack_environment, or directory`,
  )
}

const shim = 'infrastructure/scripts/po-migrate'
const utf8 = /utf-?8/i

const script = [
  `[ ! -d "$1" ] || [ -x "$1" ] || echo "$1: Permission denied" >&2`,
  `cd -- "$1" 2>/dev/null && [ -x ${shim} ] || { LC_ALL=C ls -ld -- "$1" >&2; exit ${toolMissing}; }`,
  `shift; echo '${startMark}'; exec env "$@"`,
].join('; ')

/** What crosses: no secret, and nothing that the remote side finds for itself. */
const variables = ({ control, terminal }: RemoteCall, context: Context): string[] => {
  const { env } = context
  const { CONFIRM, CI_JOB_URL, GITLAB_CI, NO_COLOR, LC_ALL, LC_CTYPE, LANG } = env
  return Object.entries({
    PO_MIGRATE_HERE: '1',
    PO_MIGRATE_CONTROL: control,
    PO_MIGRATE_USER: userOf(context),
    CONFIRM,
    CI_JOB_URL,
    GITLAB_CI,
    NO_COLOR,
    PO_MIGRATE_TERMINAL: terminal?.toString(),
    LANG: utf8.test(LC_ALL || LC_CTYPE || LANG || '') ? 'C.UTF-8' : undefined,
  }).flatMap(([name, value]) => (value ? [`${name}=${value}`] : []))
}

/** The command for the host's login shell, whichever that is: one `sh -c` with quoted words. */
export const remoteCommand = (call: RemoteCall, directory: string, context: Context): string[] => [
  'sh',
  '-c',
  script,
  'po-migrate',
  directory,
  ...variables(call, context),
  shim,
  ...call.args,
]

/** Milliseconds that the other end has after the second signal, a little longer than it gives itself. */
const remoteWithin = 4200

/** Says that somebody is there, and hands the two stages of Ctrl-C on; a host that never answered is not waited for. */
const keepInTouch = (session: SshSession, greeted: () => boolean, { interrupt, stop }: Context) => {
  const first = (): void => session.send(`interrupt ${interrupt.reason}`)
  const second = (): void => {
    if (greeted()) {
      session.send(`stop ${stop.reason}`)
      setTimeout(session.kill, remoteWithin).unref()
    } else session.kill()
  }
  const pairs = [
    [interrupt, first],
    [stop, second],
  ] as const
  for (const [signal, act] of pairs) {
    if (signal.aborted) act()
    else signal.addEventListener('abort', act)
  }
  session.send(alive.line)
  const timer = setInterval(() => session.send(alive.line), alive.everyMs)
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      for (const [signal, act] of pairs) signal.removeEventListener('abort', act)
    },
  }
}

/** What is typed here answers a question there. */
const passTypingOn = (session: SshSession, stdin: Context['stdin']) => {
  const onData = (chunk: Buffer | string): void => {
    for (const line of String(chunk).split('\n').slice(0, -1)) session.send(`answer ${line}`)
  }
  stdin.on('data', onData)
  return {
    [Symbol.dispose]: () => {
      stdin.off('data', onData)
      stdin.pause()
    },
  }
}

/**
 * Runs a verb on its host: the same words, the same streams, the same exit code; Ctrl-C has the same two stages.
 * @throws AppError (exit 6) when ssh does not get there; (exit 1, or 6 for what only reads) when the connection is lost.
 */
export const runRemote = async (call: RemoteCall, context: Context): Promise<ExitCode> => {
  const directory = directoryOn(call.host, call.environment)
  const { stdout, stderr } = context
  const say = (text: string): void => void (text && stderr.write(text))
  const ear = listen((line, commit) => {
    const { commit: own } = call
    const differs = own !== null && !own.startsWith(commit)
    if (!call.quiet) say(`${line}${differs ? ` (this checkout: ${own.slice(0, commit.length)})` : ''}\n`)
  }, say)
  if (context.lastWords) Object.assign(context.lastWords, { patience: remoteWithin + 500 })
  const output = listenFromMark((text) => text && stdout.write(text), say)
  const session = await openSsh(call.host.ssh ?? '', remoteCommand(call, directory, context), {
    env: context.env,
    onStdout: output.stdout,
    onStderr: ear.stderr,
  })
  using _touch = keepInTouch(session, ear.greeted, context)
  using _typing = call.terminal ? passTypingOn(session, context.stdin) : undefined
  const exitCode = await session.ended
  const { stop } = context
  if (stop.aborted && !ear.greeted()) throw interruptedBefore(call, stop.reason)
  if (stop.aborted && exitCode === sshFailed) throw unanswered(call, stop.reason)
  return concludeRemote({ call, directory, ear, output, exitCode }, say)
}
