import { AppError, type ExitCode, exitCodes, interruptionCode } from '../errors.ts'
import type { InterruptReason } from '../model/context.ts'
import { quote } from '../model/quote.ts'
import { explainSshFailure } from '../model/ssh-failure.ts'
import type { RemoteCall } from './call.ts'
import type { RemoteEar, RemoteOutput } from './ear.ts'
import { sshFailed } from './ssh.ts'

type Ended = {
  call: RemoteCall
  directory: string
  ear: RemoteEar
  output: Pick<RemoteOutput, 'started' | 'before'>
  exitCode: number
}

/** What the login shell answers when the tool is not there: no exit code of the tool. */
export const toolMissing = 127

const reach = ({ host }: RemoteCall): string => `${host.name} (${host.ssh})`

const neverArrived = ({ call, ear }: Ended): AppError => {
  const words = ear.held().trim()
  const { why, remedy } = explainSshFailure(words, call.host.ssh ?? '')
  return new AppError(`Could not reach ${reach(call)} by ssh: ${why}.`, {
    exitCode: exitCodes.unreachable,
    details: [...words.split('\n').slice(-6)],
    hint: remedy,
  })
}

/** Only a client that was through says so. Source: OpenSSH's clientloop.c. */
const wasThrough = /client_loop: |Connection to \S+ closed by remote host|Timeout, server \S+ not responding/

/** Whether the command may be at work there, though the tool has not spoken. */
const mayHaveStarted = ({ call, ear, output }: Ended): boolean =>
  call.changes && (output.started() || wasThrough.test(ear.held()))

const cutOff = ({ call, directory, ear }: Ended): AppError => {
  const { changes, environment } = call
  const when = ear.greeted() ? 'in mid-run' : 'before it had answered'
  return new AppError(`The connection to ${reach(call)} was lost ${when}.`, {
    exitCode: changes ? exitCodes.failed : exitCodes.unreachable,
    details: [
      ear.lastLine(),
      ...(ear.greeted() ? [] : ['Whether the run began there is not known.']),
      ...(changes ? ['There, the step that was running ends by itself, and no other starts.'] : []),
    ],
    hint:
      changes && environment
        ? `po-migrate status ${environment}   # then the same command again`
        : `ssh ${call.host.ssh}, then: cd ${quote(directory)}`,
  })
}

const denied = /: Permission denied$/m

const notInstalled = ({ call, directory, ear }: Ended): AppError => {
  const words = ear.held().trim()
  if (denied.test(words))
    return new AppError(`${directory} on ${reach(call)} may not be entered by the user there.`, {
      exitCode: exitCodes.usage,
      details: words.split('\n').slice(-3),
      hint: `there, as its owner: chmod -R a+rX,go-w ${quote(directory)}`,
    })
  return new AppError(`There is no po-migrate in ${directory} on ${reach(call)}.`, {
    exitCode: exitCodes.usage,
    details: [...(words ? words.split('\n').slice(-3) : [])],
    hint: `infrastructure/scripts/release.sh sync ${call.environment ?? call.host.stackEnvironment ?? 'ENV'}, or correct releases: or directory: in the config`,
  })
}

/** A login shell that is none, a ForceCommand, a file of the login shell that ends it. */
const ranSomethingElse = ({ call, ear, output, exitCode }: Ended): AppError =>
  new AppError(`${reach(call)} did not run the command: something else answered ${exitCode}.`, {
    exitCode: exitCodes.unreachable,
    details: `${output.before()}\n${ear.held()}`.split('\n').filter(Boolean).slice(-4),
    hint: `ssh ${call.host.ssh} true; what answers is the login shell there, one of its files, or a ForceCommand`,
  })

/** The exit code of the verb there. @throws AppError when ssh, not the tool, had the last word. */
export const concludeRemote = (ended: Ended, errors: (text: string) => void): ExitCode => {
  const { ear, output, exitCode } = ended
  if (!ear.greeted()) {
    if (exitCode === sshFailed) throw mayHaveStarted(ended) ? cutOff(ended) : neverArrived(ended)
    if (exitCode === toolMissing) throw notInstalled(ended)
    if (!output.started()) throw ranSomethingElse(ended)
    // The shim's own words: no Node, no bundle.
    errors(ear.held())
  } else if (exitCode === sshFailed) throw cutOff(ended)
  return exitCode as ExitCode
}

/** Given up before the host had answered. */
export const interruptedBefore = (call: RemoteCall, reason: InterruptReason): AppError =>
  new AppError(`Interrupted by ${reason} before ${reach(call)} had answered.`, {
    exitCode: interruptionCode(reason),
    touched: false,
  })

/** Given up in mid-run, where not even the second signal was answered. */
export const unanswered = (
  { changes, environment, ...call }: RemoteCall,
  reason: InterruptReason,
): AppError =>
  new AppError(`Interrupted by ${reason}; ${call.host.name} (${call.host.ssh}) did not answer any more.`, {
    exitCode: interruptionCode(reason),
    details: changes ? ['There, the step that was running ends by itself, and no other starts.'] : [],
    hint: environment ? `po-migrate status ${environment}` : `po-migrate doctor ${call.host.name}`,
  })
