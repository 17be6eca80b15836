import type { Refusal } from './policy.ts'
import { describeStep, type Step, type StepDocument } from './step.ts'
import type { Obstacle } from './types.ts'

/** The whole truth of what a run will do, in order; `environment` is the host's name for what concerns a host. */
export type Plan<S extends Step = Step> = {
  version: 1
  command: 'up' | 'rollback' | 'start' | 'backup' | 'restore' | 'cutover' | 'undo'
  environment: string
  steps: readonly S[]
  /** What the environment's policy has against executing it. */
  refusals?: readonly Refusal[]
  /** What is in the way in databases for which there is no step. */
  obstacles?: readonly Obstacle[]
}

export type PlanDocument = {
  version: 1
  command: Plan['command']
  environment: string
  steps: StepDocument[]
  refusals: Refusal[]
}

export const describePlan = ({ obstacles: _, ...plan }: Plan): PlanDocument => ({
  ...plan,
  steps: plan.steps.map(describeStep),
  refusals: [...(plan.refusals ?? [])],
})
