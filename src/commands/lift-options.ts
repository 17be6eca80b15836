import type { Argv } from 'yargs'
import { usageError } from '../errors.ts'
import { type Lifted, policyFlags } from '../model/policy.ts'

/** What `up` and `plan` were told to let pass. */
export type LiftOptions = {
  allowOutOfOrder: readonly string[]
  allowMissing: readonly string[]
  acceptEdit: readonly string[]
  acceptWarning: readonly string[]
}

const subjects = (flag: string, subject: string, describe: string) => ({
  type: 'string' as const,
  array: true as const,
  nargs: 1,
  default: [] as string[],
  requiresArg: true,
  coerce: (given: string[] | boolean): string[] => {
    if (Array.isArray(given)) return given
    throw usageError(`${flag} takes ${subject}.`, 'po-migrate up --help')
  },
  describe,
})

/** The flags that lift refusals of policy, one subject each time. */
export const liftOptions = <T>(yargs: Argv<T>) =>
  yargs
    .option(
      'allow-out-of-order',
      subjects(policyFlags.outOfOrder, 'a version', 'Run this version, though a newer one is applied'),
    )
    .option(
      'allow-missing',
      subjects(policyFlags.missing, 'a version', 'Go on, though this applied version has no file here'),
    )
    .option(
      'accept-edit',
      subjects(policyFlags.edited, 'a version', "Take an applied file's new text as known"),
    )
    .option('accept-warning', subjects(policyFlags.warnings, 'a rule', 'Let this warning of lint pass'))

export const liftedBy = (options: LiftOptions): Lifted => ({
  outOfOrder: options.allowOutOfOrder,
  missing: options.allowMissing,
  edited: options.acceptEdit,
  warnings: options.acceptWarning,
})

/** The same flags, to be typed again. */
export const liftArguments = (options: LiftOptions): string[] => {
  const lifted = liftedBy(options)
  return (Object.keys(policyFlags) as (keyof Lifted)[]).flatMap((kind) =>
    lifted[kind].flatMap((subject) => [policyFlags[kind], subject]),
  )
}
