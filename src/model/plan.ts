import type { CutoverStep } from './cutover.ts'
import type { Refusal } from './policy.ts'
import type { ManagedDatabase, Migration, Obstacle, Stack } from './types.ts'

/** A database that takes the name of another, which stays as `replaced`, where there was one. */
export type Swap = { database: string; beside: string; replaced: string | null }

/** One typed step; everything a run will do is one of these. */
export type Step =
  | { kind: 'create-network'; network: string }
  | { kind: 'create-volume'; volume: string }
  | { kind: 'start-stack'; stack: Stack }
  | { kind: 'pull-image'; image: string }
  | { kind: 'create-database'; managed: ManagedDatabase }
  | { kind: 'apply-migration'; managed: ManagedDatabase; migration: Migration }
  | { kind: 'rollback-migration'; managed: ManagedDatabase; migration: Migration }
  /** Writes down that a file's new text is known to be harmless. */
  | { kind: 'accept-edit'; managed: ManagedDatabase; migration: Migration }
  | CutoverStep
  | { kind: 'dump-database'; database: string }
  | { kind: 'dump-roles' }
  | { kind: 'prove-backup' }
  | { kind: 'keep-backup'; directory: string }
  | { kind: 'create-roles'; roles: readonly string[] }
  | { kind: 'restore-beside'; database: string; beside: string; directory: string }
  | { kind: 'swap-databases'; swaps: readonly Swap[] }
  | { kind: 'drop-replaced'; database: string }

/** The whole truth of what a run will do, in order; `environment` is the host's name for what concerns a host. */
export type Plan = {
  version: 1
  command: 'up' | 'rollback' | 'start' | 'backup' | 'restore' | 'cutover' | 'undo'
  environment: string
  steps: readonly Step[]
  /** What the environment's policy has against executing it. */
  refusals?: readonly Refusal[]
  /** What is in the way in databases for which there is no step. */
  obstacles?: readonly Obstacle[]
}

/** A step as it stands in JSON: its kind, and the names of what it touches. */
export type StepDocument = {
  step: number
  kind: Step['kind']
  database?: string
  migration?: string
  image?: string
  network?: string
  volume?: string
  /** Volume that keeps what is replaced. */
  copy?: string
  environment?: string
  stack?: string
  roles?: string[]
  directory?: string
  databases?: string[]
  replaced?: string[]
}

export type PlanDocument = {
  version: 1
  command: Plan['command']
  environment: string
  steps: StepDocument[]
  refusals: Refusal[]
}

const namesOf = (step: Step): Omit<StepDocument, 'step' | 'kind'> => {
  switch (step.kind) {
    case 'create-network':
      return { network: step.network }
    case 'create-volume':
      return { volume: step.volume }
    case 'start-stack':
      return { stack: step.stack.project }
    case 'pull-image':
      return { image: step.image }
    case 'create-database':
      return { database: step.managed.database }
    case 'apply-migration':
    case 'rollback-migration':
    case 'accept-edit':
      return { database: step.managed.database, migration: step.migration.file }
    case 'stop-stack':
    case 'start-containers':
      return { stack: step.project }
    case 'dump-database':
    case 'drop-replaced':
      return { database: step.database }
    case 'dump-roles':
    case 'prove-backup':
      return {}
    case 'keep-backup':
      return { directory: step.directory }
    case 'create-roles':
      return { roles: [...step.roles] }
    case 'restore-beside':
      return { database: step.database, directory: step.directory }
    case 'swap-databases':
      return {
        databases: step.swaps.map(({ database }) => database),
        replaced: step.swaps.flatMap(({ replaced }) => replaced ?? []),
      }
    default: {
      const { kind, ...names } = step
      return names
    }
  }
}

export const describeStep = (step: Step, index: number): StepDocument => ({
  step: index + 1,
  kind: step.kind,
  ...namesOf(step),
})

export const describePlan = ({ obstacles: _, ...plan }: Plan): PlanDocument => ({
  ...plan,
  steps: plan.steps.map(describeStep),
  refusals: [...(plan.refusals ?? [])],
})
