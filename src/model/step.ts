import type { ManagedDatabase, Migration, Rehearsing, Stack } from './types.ts'

/** A database that takes the name of another, which stays as `replaced`, where there was one. */
export type Swap = { database: string; beside: string; replaced: string | null }

/** What a step may act on; each kind of step names which of these it has. */
type StepFields = {
  managed: ManagedDatabase
  migration: Migration
  stack: Stack
  /** Name of a stack. */
  project: string
  network: string
  volume: string
  copy: string
  image: string
  environment: string
  rehearse: Exclude<Rehearsing, 'off'>
  database: string
  beside: string
  directory: string
  roles: readonly string[]
  swaps: readonly Swap[]
  migrations: readonly Migration[]
}

/** One typed step; everything a run will do is one of these. Whoever reads any step at all knows it as this. */
export type Step = { readonly kind: string } & Readonly<Partial<StepFields>>

/** The names of what a step touches, as they stand in JSON, in journals, and in what people read. */
export type StepNames = {
  database?: string
  migration?: string
  image?: string
  network?: string
  volume?: string
  /** Volume that keeps what is replaced. */
  copy?: string
  environment?: string
  rehearse?: Exclude<Rehearsing, 'off'>
  stack?: string
  roles?: string[]
  directory?: string
  databases?: string[]
  replaced?: string[]
  versions?: string[]
}

/** A step as it stands in JSON. */
export type StepDocument = { step: number; kind: string } & StepNames

export const namesOf = (step: Step): StepNames => {
  const { kind: _, managed, migration, migrations, stack, project, swaps, beside: __, roles, ...names } = step
  return {
    ...(managed && { database: managed.database }),
    ...(migration && { migration: migration.file }),
    ...(migrations && { versions: migrations.map(({ version }) => version) }),
    ...(stack && { stack: stack.project }),
    ...(project !== undefined && { stack: project }),
    ...(roles && { roles: [...roles] }),
    ...names,
    ...(swaps && {
      databases: swaps.map(({ database }) => database),
      replaced: swaps.flatMap(({ replaced }) => replaced ?? []),
    }),
  }
}

export const describeStep = (step: Step, index: number): StepDocument => ({
  step: index + 1,
  kind: step.kind,
  ...namesOf(step),
})

/** By what a journal knows a step: its kind and the names of what it touches. */
export const stepKey = (step: Step): string => [step.kind, ...Object.values(namesOf(step))].join(' ')
