import type { Refusal } from './policy.ts'
import { describeStep, type Step, type StepDocument } from './step.ts'
import type { ManagedDatabase, Obstacle } from './types.ts'

/** A database of a fleet that a plan leaves alone, and why: the others are not concerned. */
export type Aside = Obstacle & { managed: ManagedDatabase }

/** The whole truth of what a run will do, in order; `environment` is the host's name for what concerns a host. */
export type Plan<S extends Step = Step> = {
  version: 1
  command: 'up' | 'rollback' | 'adopt' | 'verify' | 'start' | 'backup' | 'restore' | 'cutover' | 'undo'
  environment: string
  steps: readonly S[]
  /** What the environment's policy has against executing it. */
  refusals?: readonly Refusal[]
  /** What does not stop it, and what whoever runs it should know. */
  notes?: readonly string[]
  /** What is in the way in databases for which there is no step. */
  obstacles?: readonly Obstacle[]
  /** Databases of a fleet for which there is no step. */
  aside?: readonly Aside[]
}

export type PlanDocument = {
  version: 1
  command: Plan['command']
  environment: string
  steps: StepDocument[]
  refusals: Omit<Refusal, 'place'>[]
  notes?: string[]
  aside?: { database: string; name: string; message: string; details: string[]; hint: string }[]
}

export const describePlan = ({ obstacles: _, notes, aside, ...plan }: Plan): PlanDocument => ({
  ...plan,
  ...(aside && {
    aside: aside.map(({ managed: { database, name }, message, details, hint }) => ({
      ...{ database, name, message, hint },
      details: [...details],
    })),
  }),
  ...(notes && { notes: [...notes] }),
  steps: plan.steps.map(describeStep),
  refusals: (plan.refusals ?? []).map(({ place: _, ...refusal }) => refusal),
})
