import { AppError, exitCodes } from '../../errors.ts'
import { copyName, type KeptContainer } from '../../model/cutover.ts'
import { hasBegun, isDone, type Position } from '../../model/position.ts'
import type { CutoverSettings, Stack } from '../../model/types.ts'
import type { CutoverStep } from '../steps/cutover-kinds.ts'
import { type PlannedCutover, startAgain } from './cutover.ts'

export type UndoWorld = UndoTarget & {
  run: string
  host: { name: string; volume: string; stack: Stack; cutover: CutoverSettings }
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
    hint: `po-migrate cutover ${target.frame.host}`,
  })

/** The data of the volume are others since then. */
const replaced = (target: Position): boolean => hasBegun(target, 'wipe-volume')

/** What an undoing has to know of a host's runs. */
export type UndoTarget = {
  /** The run to take back. */
  target: Position
  /** An undoing that died while it brought a copy back: what the volume holds is of no use, and is not kept. */
  torn?: Position
  /** What comes back was made by a cutover that was taken back before its end. */
  isHalfMade: boolean
}

const isTorn = (run: Position): boolean => run.frame.command === 'undo' && !isDone(run, 'bring-back')

/**
 * The run to take back, of a host's runs, newest first. One that stopped only, and ended or gave way to a later one, has
 * nothing to bring back. An undoing that never ended, of a run that never ended, would bring back a half-made platform: then
 * it is that run.
 */
export const findTarget = (runs: readonly Position[]): UndoTarget | undefined => {
  const found = runs.find((run, index) => replaced(run) || (index === 0 && !run.outcome))
  if (!found) return undefined
  const of = runs.find(({ frame }) => frame.run === found.frame.of)
  const isOfUnfinished = of !== undefined && of.outcome !== 'done'
  const writer = runs.find(replaced)
  return {
    target: isOfUnfinished && !found.outcome ? of : found,
    ...(writer && isTorn(writer) && { torn: writer }),
    isHalfMade: isOfUnfinished && found.outcome === 'done' && replaced(of),
  }
}

const serveAgain = ({ host, containers }: UndoWorld): CutoverStep[] => [
  { kind: 'start-stack', stack: host.stack },
  ...startAgain(containers),
]

/** Nothing was wiped: what was stopped starts again, and a half-made copy goes. */
const startOnly = (world: UndoWorld): CutoverStep[] => {
  const { frame } = world.target
  const copied = hasBegun(world.target, 'copy-volume')
  return [...serveAgain(world), ...(copied ? [{ kind: 'remove-copy', copy: frame.copy } as const] : [])]
}

/** Where this undoing's own undoing would go: to what it replaces, or where that is torn, to what was to come or was there. */
const keptBy = ({
  run,
  host,
  image,
  target,
  torn,
}: UndoWorld): { copy: string; image: string | undefined } => {
  if (!torn) return { copy: copyName(host.volume, run), image }
  const { copy, image: before, from = copy, fromImage } = torn.frame
  return torn === target ? { copy: from, image: fromImage } : { copy, image: before }
}

/** The volume is kept as a copy in its turn, and the old one comes back. */
const swap = (world: UndoWorld, from: string, copy: string): CutoverStep[] => {
  const { volume, stack, cutover } = world.host
  return [
    ...cutover.stacks.map(({ project }): CutoverStep => ({ kind: 'stop-stack', project })),
    { kind: 'stop-stack', project: stack.project },
    ...(world.volumeExists && !world.torn ? [{ kind: 'copy-volume', volume, copy } as const] : []),
    { kind: 'wipe-volume', volume },
    { kind: 'bring-back', volume, copy: from },
    ...serveAgain(world),
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
  const { copy, image } = keptBy(world)
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
      ...(target.facts.made && { made: target.facts.made }),
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
