import type { Refusal } from './policy.ts'
import type { ManagedDatabase, Migration, Stack } from './types.ts'

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

/** The whole truth of what a run will do, in order; `environment` is the host's name for what concerns a host. */
export type Plan = {
  version: 1
  command: 'up' | 'rollback' | 'start'
  environment: string
  steps: readonly Step[]
  /** What the environment's policy has against executing it. */
  refusals?: readonly Refusal[]
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
  stack?: string
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
  }
}

export const describeStep = (step: Step, index: number): StepDocument => ({
  step: index + 1,
  kind: step.kind,
  ...namesOf(step),
})

export const describePlan = (plan: Plan): PlanDocument => ({
  ...plan,
  steps: plan.steps.map(describeStep),
  refusals: [...(plan.refusals ?? [])],
})
