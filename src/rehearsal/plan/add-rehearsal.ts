import { AppError, exitCodes } from '../../errors.ts'
import type { Plan } from '../../model/plan.ts'
import type { Rehearsing } from '../../model/types.ts'
import type { MigrateStep } from '../../run/steps/migrate-kinds.ts'
import type { UpStep } from '../steps/up-kinds.ts'
import { partsOf } from './parts.ts'

export type Wish = {
  /** By the flag, or else by the config. */
  rehearse: Rehearsing
  /** It was asked for by the flag: what stands in its way is no reason to go on. */
  asked: boolean
}

/** Why there can be no rehearsal. */
export type Hindrance = { why: string; hint?: string }

/** @throws AppError (exit 4) where the rehearsal was asked for; else answers the line to tell. */
export const tellHindrance = ({ why, hint }: Hindrance, environment: string, { asked }: Wish): string => {
  if (!asked) return `${environment} is not rehearsed: ${why}`
  throw new AppError(`${environment} cannot be rehearsed: ${why}.`, {
    exitCode: exitCodes.refused,
    touched: false,
    hint: [...(hint ? [hint] : []), `po-migrate up ${environment} --no-rehearse`].join('; or without it: '),
  })
}

const isApplied = ({ kind }: MigrateStep): boolean => kind === 'apply-migration'

/** Whether some file would be applied to a copy. */
export const needsCopies = ({ steps }: Plan<MigrateStep>, { rehearse }: Wish): boolean =>
  rehearse !== 'off' && partsOf(steps, rehearse).some((part) => part.steps.some(isApplied))

/**
 * A plan whose files are applied to copies first; nothing else of it begins before all of that is well. `hindrance`: why there can
 * be no copies.
 */
export const addRehearsal = (
  plan: Plan<MigrateStep>,
  wish: Wish,
  hindrance: Hindrance | undefined,
): Plan<UpStep> => {
  const { rehearse } = wish
  if (rehearse === 'off' || !plan.steps.some(isApplied)) return plan
  const found = needsCopies(plan, wish)
    ? hindrance
    : { why: 'every file needs the data', hint: `po-migrate up ${plan.environment} --rehearse data` }
  if (found) return { ...plan, notes: [...(plan.notes ?? []), tellHindrance(found, plan.environment, wish)] }
  const at = plan.steps.findIndex(({ kind }) => kind !== 'pull-image')
  const steps: UpStep[] = [...plan.steps]
  steps.splice(at, 0, { kind: 'rehearse', rehearse })
  return { ...plan, steps }
}
