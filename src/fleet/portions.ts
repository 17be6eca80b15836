import { databaseOf } from '../model/outcome.ts'
import type { Step } from '../model/step.ts'
import { type Rolled, waveOfEach } from './rollout.ts'

/** Steps of which none may overtake another, or of one portion, whose databases do not wait for each other. */
type Portion<S> = { of: unknown; isOne: boolean; steps: S[] }

const rowsOf = <S extends Step>({ isOne, steps }: Portion<S>): S[][] =>
  isOne ? [steps] : [...Map.groupBy(steps, databaseOf).values()]

/**
 * A plan in portions, one after the other, each with rows that may run side by side: the databases of a wave, and named databases
 * that follow one another where `named` allows it, since one may need what another made.
 */
export const portionsOf = <S extends Step>(
  steps: readonly S[],
  { rolled, named }: { rolled: readonly Rolled[]; named: boolean },
): S[][][] => {
  const waves = waveOfEach(rolled)
  const portions: Portion<S>[] = []
  for (const step of steps) {
    const { managed } = step
    const wave = waves.get(managed?.database ?? '')
    const isOne = !managed || (!wave && !named)
    const of = wave ?? isOne
    const last = portions.at(-1)
    if (last?.of === of) last.steps.push(step)
    else portions.push({ of, isOne, steps: [step] })
  }
  return portions.map(rowsOf)
}
