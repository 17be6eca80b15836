import { AppError, type ExitCode, exitCodes, interruptionCode } from '../errors.ts'
import type { InterruptReason } from '../model/context.ts'
import { quote } from '../model/quote.ts'
import { explainSshFailure } from '../model/ssh-failure.ts'
import type { Errand } from './call.ts'
import type { RemoteEar } from './ear.ts'
import { sshFailed } from './ssh.ts'

type Ended = { errand: Errand; directory: string; ear: RemoteEar; started: boolean; exitCode: number }

/** What the login shell answers when the tool is not there: no exit code of the tool. */
export const toolMissing = 127

const reach = ({ host }: Errand): string => `${host.name} (${host.ssh})`

const neverArrived = ({ errand, ear }: Ended): AppError => {
  const words = ear.held().trim()
  const { why, remedy } = explainSshFailure(words, errand.host.ssh ?? '')
  return new AppError(`Could not reach ${reach(errand)} by ssh: ${why}.`, {
    exitCode: exitCodes.unreachable,
    details: [...words.split('\n').slice(-6)],
    hint: remedy,
  })
}

/** Only a client that was through says so. Source: OpenSSH's clientloop.c. */
const wasThrough = /client_loop: |Connection to \S+ closed by remote host|Timeout, server \S+ not responding/

/** Whether the command may be at work there, though the tool has not spoken. */
const mayHaveStarted = ({ errand, ear, started }: Ended): boolean =>
  errand.changes && (started || wasThrough.test(ear.held()))

const cutOff = ({ errand, directory, ear }: Ended): AppError => {
  const { changes, environment } = errand
  const when = ear.greeted() ? 'in mid-run' : 'before it had answered'
  return new AppError(`The connection to ${reach(errand)} was lost ${when}.`, {
    exitCode: changes ? exitCodes.failed : exitCodes.unreachable,
    details: [
      ear.lastLine(),
      ...(ear.greeted() ? [] : ['Whether the run began there is not known.']),
      ...(changes ? ['There, the step that was running ends by itself, and no other starts.'] : []),
    ],
    hint:
      changes && environment
        ? `po-migrate status ${environment}   # then the same command again`
        : `ssh ${errand.host.ssh}, then: cd ${quote(directory)}`,
  })
}

const notInstalled = ({ errand, directory, ear }: Ended): AppError => {
  const words = ear.held().trim()
  return new AppError(`There is no po-migrate in ${directory} on ${reach(errand)}.`, {
    exitCode: exitCodes.usage,
    details: [...(words ? words.split('\n').slice(-3) : [])],
    hint: `infrastructure/scripts/release.sh sync ${errand.environment ?? errand.host.stackEnvironment ?? 'ENV'}, or correct releases: or directory: in the config`,
  })
}

/** The exit code of the verb there. @throws AppError when ssh, not the tool, had the last word. */
export const concludeRemote = (ended: Ended, errors: (text: string) => void): ExitCode => {
  const { ear, exitCode } = ended
  if (!ear.greeted()) {
    if (exitCode === sshFailed) throw mayHaveStarted(ended) ? cutOff(ended) : neverArrived(ended)
    if (exitCode === toolMissing) throw notInstalled(ended)
    // The shim's own words: no Node, no bundle.
    errors(ear.held())
  } else if (exitCode === sshFailed) throw cutOff(ended)
  return exitCode as ExitCode
}

/** Given up before the host had answered. */
export const interruptedBefore = (errand: Errand, reason: InterruptReason): AppError =>
  new AppError(`Interrupted by ${reason} before ${reach(errand)} had answered.`, {
    exitCode: interruptionCode(reason),
    touched: false,
  })

/** Given up in mid-run, where not even the second signal was answered. */
export const unanswered = ({ changes, environment, ...errand }: Errand, reason: InterruptReason): AppError =>
  new AppError(
    `Interrupted by ${reason}; ${errand.host.name} (${errand.host.ssh}) did not answer any more.`,
    {
      exitCode: interruptionCode(reason),
      details: changes ? ['There, the step that was running ends by itself, and no other starts.'] : [],
      hint: environment ? `po-migrate status ${environment}` : `po-migrate doctor ${errand.host.name}`,
    },
  )
