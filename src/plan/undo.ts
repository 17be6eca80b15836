import { AppError, exitCodes } from '../errors.ts'
import { copyName, type KeptContainer } from '../model/cutover.ts'
import type { Step } from '../model/plan.ts'
import { hasBegun, type Position } from '../model/position.ts'
import type { CutoverSettings, Stack } from '../model/types.ts'
import type { PlannedCutover } from './cutover.ts'

export type UndoWorld = {
  run: string
  host: { name: string; volume: string; stack: Stack; cutover: CutoverSettings }
  /** As `findTarget` answers. */
  target: Position
  volumeExists: boolean
  copyExists: boolean
  /** Containers of the application stacks that are there: what runs now, and what ran before the target began. */
  containers: readonly KeptContainer[]
  /** Id of the image that runs on the volume now. */
  image: string | undefined
}

const nothing = ({ target }: UndoWorld, why: string): AppError =>
  new AppError(`The ${target.frame.command} ${target.frame.run} cannot be undone: ${why}.`, {
    exitCode: exitCodes.refused,
    details: ['Nothing was touched.'],
    hint: `po-migrate cutover ${target.frame.host}`,
  })

/** The data of the volume are others since then. */
const replaced = (target: Position): boolean => hasBegun(target, 'wipe-volume')

/**
 * The run to take back, of a host's runs, newest first. One that stopped only, and ended or gave way to a later one, has
 * nothing to bring back. Where the newest is an undoing that wiped nothing yet, of a run that never ended, starting again
 * what it stopped would leave the platform half-made: then it is that run.
 */
export const findTarget = (runs: readonly Position[]): Position | undefined => {
  const found = runs.find((run, index) => replaced(run) || (index === 0 && !run.outcome))
  if (!found || replaced(found)) return found
  const of = runs.find(({ frame }) => frame.run === found.frame.of)
  return of && of.outcome !== 'done' ? of : found
}

const startAgain = ({ host, containers }: UndoWorld): Step[] => [
  { kind: 'start-stack', stack: host.stack },
  ...[...new Set(containers.map(({ project }) => project))].map(
    (project): Step => ({ kind: 'start-containers', project }),
  ),
]

/** Nothing was wiped: what was stopped starts again, and a half-made copy goes. */
const startOnly = (world: UndoWorld): Step[] => {
  const { frame } = world.target
  const copied = hasBegun(world.target, 'copy-volume')
  return [...startAgain(world), ...(copied ? [{ kind: 'remove-copy', copy: frame.copy } as const] : [])]
}

/** The volume is kept as a copy in its turn, and the old one comes back. */
const swap = (world: UndoWorld, from: string, copy: string): Step[] => {
  const { volume, stack, cutover } = world.host
  return [
    ...cutover.stacks.map(({ project }): Step => ({ kind: 'stop-stack', project })),
    { kind: 'stop-stack', project: stack.project },
    ...(world.volumeExists ? [{ kind: 'copy-volume', volume, copy } as const] : []),
    { kind: 'wipe-volume', volume },
    { kind: 'bring-back', volume, copy: from },
    ...startAgain(world),
  ]
}

/**
 * What takes back the newest run of a host, finished or not: a cutover, or the undoing of one.
 * @throws AppError (exit 4) when there is nothing to bring back.
 */
export const planUndo = (world: UndoWorld): PlannedCutover => {
  const { run, host, target, containers, image } = world
  const { name, volume } = host
  const { frame } = target
  const copy = copyName(volume, run)
  const swapping = replaced(target)
  if (swapping && !world.copyExists) throw nothing(world, `its copy ${frame.copy} is not there`)
  return {
    frame: {
      run,
      command: 'undo',
      host: name,
      volume,
      copy,
      ...(swapping && { from: frame.copy }),
      ...(frame.image && { fromImage: frame.image }),
      of: frame.run,
      environments: frame.environments,
      containers,
      ...(image && { image }),
      carried: { databases: [], roles: [] },
    },
    plan: {
      version: 1,
      command: 'undo',
      environment: name,
      steps: swapping ? swap(world, frame.copy, copy) : startOnly(world),
    },
  }
}
