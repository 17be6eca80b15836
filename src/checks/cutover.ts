import type { DockerHost } from '../io/docker/host.ts'
import { readCopies } from '../io/docker/volume-life.ts'
import { readLogind } from '../io/host/logind.ts'
import { readVolumeRuns } from '../io/host/read-runs.ts'
import { describeMoment, isAhead } from '../model/moment.ts'
import { isUnfinished } from '../model/position.ts'
import type { State } from '../model/state.ts'
import type { Host } from '../model/types.ts'
import { commandsOf, describeProgress } from '../report/cutover.ts'
import { type Check, fail, type Warning } from './check.ts'

export type CutoverFacts = {
  host: Host
  docker: () => Promise<DockerHost>
  requireState: () => State
  /** logind's configuration files. */
  logind: readonly string[]
}

const checkUnfinished = ({ host, requireState }: CutoverFacts): string => {
  const [newest] = readVolumeRuns(requireState(), host)
  if (!newest) return 'none yet'
  const { frame, begun, outcome } = newest
  const ahead = isAhead(begun, Date.now()) ? ` (${describeMoment(begun, Date.now())})` : ''
  const when = `${begun.slice(0, 16).replace('T', ' ')}${ahead}`
  if (outcome) return `the ${frame.command} of ${when} is through`
  if (!isUnfinished(newest))
    return `the ${frame.command} of ${when} stopped nothing: ${describeProgress(newest)}`
  const { resume, undo } = commandsOf(host.name, host.cutover?.abortWindow === undefined)
  throw fail(
    `the ${frame.command} of ${when} is not finished: ${describeProgress(newest)}`,
    `${resume}\n${undo}`,
  )
}

const checkCopies = async ({ host, docker }: CutoverFacts): Promise<string> => {
  const copies = await readCopies((await docker()).client, host.volume ?? '')
  if (copies.length === 0) return 'none'
  return copies.map(({ name, created }) => `${name} (${created.slice(0, 10)})`).join(', ')
}

/** A detached run dies with its login where logind kills what a user leaves behind. */
const checkLogind = ({ logind }: CutoverFacts): string | Warning => {
  const killing = readLogind(logind)
  if (killing === undefined) return 'no logind here'
  if (!killing) return 'KillUserProcesses=no'
  return {
    warning: 'KillUserProcesses=yes: a cutover would end with the login that began it',
    remedy:
      'systemd-run --user --scope po-migrate cutover …, or KillUserProcesses=no in /etc/systemd/logind.conf',
  }
}

/** Where cutovers of a host stand, and what they kept. */
export const cutoverChecks = (facts: CutoverFacts): Check[] =>
  facts.host.cutover === undefined
    ? []
    : [
        { title: 'cutover', needs: 'state directory', run: () => checkUnfinished(facts) },
        { title: 'copies of the volume', run: () => checkCopies(facts) },
        ...(facts.host.cutover.abortWindow === undefined
          ? [{ title: 'detached runs', run: () => checkLogind(facts) }]
          : []),
      ]
