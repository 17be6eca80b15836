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

/**
 * A plan whose files are applied to copies first; nothing else of it begins before all of that is well.
 * `hindrance` is asked only where there is something to rehearse.
 */
export const addRehearsal = async (
  plan: Plan<MigrateStep>,
  wish: Wish,
  hindrance: () => Promise<Hindrance | undefined>,
): Promise<Plan<UpStep>> => {
  const { rehearse } = wish
  if (rehearse === 'off' || !plan.steps.some(({ kind }) => kind === 'apply-migration')) return plan
  const parts = partsOf(plan.steps, rehearse)
  const found = parts.some(({ steps }) => steps.some(({ kind }) => kind === 'apply-migration'))
    ? await hindrance()
    : { why: 'every file needs the data', hint: `po-migrate up ${plan.environment} --rehearse data` }
  if (found) return { ...plan, notes: [...(plan.notes ?? []), tellHindrance(found, plan.environment, wish)] }
  const at = plan.steps.findIndex(({ kind }) => kind !== 'pull-image')
  const steps: UpStep[] = [...plan.steps]
  steps.splice(at, 0, { kind: 'rehearse', rehearse })
  return { ...plan, steps }
}
