import type { Policy } from './types.ts'

/** What an operator lifted on the command line: versions, and for warnings the rules' ids. */
export type Lifted = Readonly<Record<keyof Policy, readonly string[]>>

export const nothingLifted: Lifted = { outOfOrder: [], missing: [], edited: [], warnings: [] }

/** One thing that stops a run by policy, and the flag that lets it pass. */
export type Refusal = {
  kind: keyof Policy
  /** Name on the server. */
  database: string
  /** The version, or a warning's rule. */
  subject: string
  message: string
  flag: string
}

/** The flag of `up` that lifts a refusal of this kind, one subject at a time. */
export const policyFlags: Record<keyof Policy, string> = {
  outOfOrder: '--allow-out-of-order',
  missing: '--allow-missing',
  edited: '--accept-edit',
  warnings: '--accept-warning',
}
