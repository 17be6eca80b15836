import type { Engine } from '../io/engine.ts'
import type { Plan } from '../model/plan.ts'
import type { Environment, Rehearsing } from '../model/types.ts'
import type { MigrateStep } from '../run/steps/migrate-kinds.ts'
import { findImage } from './find-image.ts'
import { addRehearsal, needsCopies, type Wish } from './plan/add-rehearsal.ts'
import type { UpStep } from './steps/up-kinds.ts'

/** `--rehearse`, `--no-rehearse`, or what the environment has. */
export const wishOf = ({ rehearse }: Environment, given: Rehearsing | undefined): Wish => ({
  rehearse: given ?? rehearse,
  asked: given !== undefined && given !== 'off',
})

/**
 * The plan of `up` with its rehearsal, where one is wished for and can be had.
 * @throws AppError (exit 4) where it was asked for and cannot be had.
 */
export const withRehearsal = async (
  plan: Plan<MigrateStep>,
  { environment, engine, given }: { environment: Environment; engine: Engine; given: Rehearsing | undefined },
): Promise<Plan<UpStep>> => {
  const wish = wishOf(environment, given)
  const found = needsCopies(plan, wish) ? await findImage(engine) : undefined
  return addRehearsal(plan, wish, found && 'why' in found ? found : undefined)
}
