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
  /** Of a warning: file and line, with which the message begins. */
  place?: string
}

/** The flag of `up` that lifts a refusal of this kind, one subject at a time. */
export const policyFlags: Record<keyof Policy, string> = {
  outOfOrder: '--allow-out-of-order',
  missing: '--allow-missing',
  edited: '--accept-edit',
  warnings: '--accept-warning',
}

/** The comment that says that a warning is meant. */
export const ignoreLine = (rule: string): string => `-- po-migrate:ignore ${rule} REASON`

const shownPlaces = 8

/** Findings of one rule: the first in full, and where the others are. */
export const tellSame = ([first, ...others]: readonly { message: string; place?: string }[]): string[] => {
  if (!first) return []
  const places = others.slice(0, shownPlaces).flatMap(({ place }) => place ?? [])
  const rest = others.length > places.length ? [...places, '…'] : places
  return [first.message, ...(others.length > 0 ? [`  and ${others.length} more: ${rest.join(', ')}`] : [])]
}

/** Refusals with what lifts each; warnings of one rule together. */
export const tellRefusals = (refusals: readonly Refusal[], environment: string): string[] => {
  const groups = Map.groupBy(refusals, ({ kind, subject, message }) =>
    kind === 'warnings' ? subject : message,
  )
  return [...groups.values()].flatMap((group) => {
    const [{ kind, subject, flag } = { kind: '', subject: '', flag: '' }] = group
    return kind === 'warnings'
      ? [
          ...tellSame(group),
          `  meant so: "${ignoreLine(subject)}" above the statement; for once: ${flag}`,
          `  never refused in ${environment}: policy: { warnings: allow }`,
        ]
      : [...tellSame(group), `  lifted by ${flag}`]
  })
}
