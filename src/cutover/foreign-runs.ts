import type { Config } from '../config/load.ts'
import { AppError, exitCodes } from '../errors.ts'
import type { Docker } from '../io/docker/docker.ts'
import { readMade, wipedBy } from '../io/docker/volume-life.ts'
import { readForeignRun, readRuns } from '../io/host/read-runs.ts'
import { hasBegun, type Position } from '../model/position.ts'
import type { State } from '../model/state.ts'
import type { CutoverHost } from './tools.ts'

type Where = { state: State; host: CutoverHost; config: Config }

const describeOwner = (project: string | undefined, volume: string): string =>
  `${project === undefined ? 'an unnamed project' : `the project ${project}`} and the volume ${volume}`

/**
 * Where there is nothing to go on with or to take back: whose run it is that stands there under the host's name.
 * @throws AppError (exit 4) naming project and volume of both.
 */
export const refuseForeign = ({ state, host, config }: Where, verb: 'resume' | 'undo'): void => {
  const foreign = readForeignRun(state, host)
  if (!foreign) return
  const { run, command, project, volume, configs = {} } = foreign.frame
  const [file] = Object.values(configs)
  const isOwnProject = project === undefined || state.own.includes(project)
  throw new AppError(
    `The ${command} ${run} of ${host.name} is of ${describeOwner(project, volume)}, and not of ${describeOwner(state.project, host.volume)}.`,
    {
      exitCode: exitCodes.refused,
      details: [`To ${verb} it here would act on ${host.volume} with what belongs to another.`],
      hint: isOwnProject
        ? `set volume: ${volume} of the host ${host.name} in ${config.file}, then: po-migrate cutover ${host.name} --${verb}`
        : `po-migrate cutover ${host.name} --${verb} --config ${file ?? 'FILE'}`,
    },
  )
}

/**
 * A run that nobody here knows made the volume empty since: what stands on it now is another's, and this project's copy is of
 * before.
 * @throws AppError (exit 4) naming that run.
 */
export const refuseOthersVolume = async (
  docker: Docker,
  { state, host }: Omit<Where, 'config'>,
  target: Position,
): Promise<void> => {
  if (!hasBegun(target, 'wipe-volume')) return
  const by = wipedBy(await readMade(docker, host.volume))
  const known = new Set(readRuns(state, host).map(({ frame }) => frame.run))
  if (by === undefined || known.has(by) || by === wipedBy(target.facts.made)) return
  throw new AppError(
    `The volume ${host.volume} was wiped since by the run ${by}, which is none of ${state.directory}.`,
    {
      exitCode: exitCodes.refused,
      details: [
        `Another project or state directory cut it over after ${target.frame.run}: what it made would be taken back unasked.`,
      ],
      hint: `undo that run first, where it was begun; docker volume inspect ${host.volume}`,
    },
  )
}
