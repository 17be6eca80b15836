import { type Step, stepKey } from './step.ts'

/** Steps as they are now, and by the key of a step of an older release the one that it did as well. */
export type Modernized = { steps: readonly Step[]; within: ReadonlyMap<string, string> }

type Added = { of: Step; step: Step }

/** What older releases did within a step, and what now is one of its own. */
const addedTo = (steps: readonly Step[]): Added[] => {
  const has = (kind: string): boolean => steps.some((step) => step.kind === kind)
  const lastStop = steps.findLast(({ kind }) => kind === 'stop-stack')
  const writes = steps.find(({ kind }) => kind === 'check-writes')
  const roles = steps.find(({ kind }) => kind === 'carry-roles')
  const { environment = '' } = writes ?? roles ?? {}
  const starts = has('wait-healthy') ? [] : steps.filter(({ kind }) => kind === 'start-containers')
  return [
    ...(lastStop && writes && !has('check-stopped')
      ? [{ of: lastStop, step: { kind: 'check-stopped', environment } }]
      : []),
    ...(roles && !has('carry-system') ? [{ of: roles, step: { kind: 'carry-system', environment } }] : []),
    ...starts.map((of) => ({ of, step: { kind: 'wait-healthy', project: of.project ?? '' } })),
  ]
}

/** The steps of a journal, with those that an older release had no name for. */
export const modernize = (steps: readonly Step[]): Modernized => {
  const added = addedTo(steps)
  const lastStart = steps.findLast(({ kind }) => kind === 'start-containers')
  const of = (step: Step, kind: string): Step[] =>
    added.flatMap((one) => (one.of === step && one.step.kind === kind ? one.step : []))
  const waits = added.flatMap(({ step }) => (step.kind === 'wait-healthy' ? step : []))
  return {
    steps: steps.flatMap((step) => [
      ...of(step, 'carry-system'),
      step,
      ...of(step, 'check-stopped'),
      ...(step === lastStart ? waits : []),
    ]),
    within: new Map(added.map(({ of: old, step }) => [stepKey(old), stepKey(step)])),
  }
}
