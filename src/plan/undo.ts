import { AppError, exitCodes } from '../errors.ts'
import { copyName, type KeptContainer } from '../model/cutover.ts'
import type { Step } from '../model/plan.ts'
import { hasBegun, type Position } from '../model/position.ts'
import type { CutoverSettings, Stack } from '../model/types.ts'
import type { PlannedCutover } from './cutover.ts'

export type UndoWorld = {
  run: string
  host: { name: string; volume: string; stack: Stack; cutover: CutoverSettings }
  /** The newest run of this host. */
  target: Position
  volumeExists: boolean
  copyExists: boolean
  /** Containers of the application stacks that are there: what runs now, and what ran before the target began. */
  containers: readonly KeptContainer[]
}

const nothing = ({ target }: UndoWorld, why: string): AppError =>
  new AppError(`The ${target.frame.command} ${target.frame.run} cannot be undone: ${why}.`, {
    exitCode: exitCodes.refused,
    details: ['Nothing was touched.'],
    hint: `po-migrate cutover ${target.frame.host}`,
  })

/** The data of the volume are others since then. */
const replaced = (target: Position): boolean => hasBegun(target, 'wipe-volume')

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
  const { run, host, target, containers } = world
  const { name, volume } = host
  const { frame } = target
  const copy = copyName(volume, run)
  const swapping = replaced(target)
  if (swapping && !world.copyExists) throw nothing(world, `its copy ${frame.copy} is not there`)
  if (!swapping && target.outcome === 'done') throw nothing(world, 'it replaced nothing')
  return {
    frame: {
      run,
      command: 'undo',
      host: name,
      volume,
      copy,
      ...(swapping && { from: frame.copy }),
      of: frame.run,
      environments: frame.environments,
      containers,
      ...(frame.image && { image: frame.image }),
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
