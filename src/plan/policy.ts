import { storeName } from '../fleet/tell.ts'
import { compareVersions, history, unappliedFiles } from '../model/history.ts'
import { type Lifted, policyFlags, type Refusal } from '../model/policy.ts'
import type { DatabaseState, Environment, HistoryEntry, Policy, Problem } from '../model/types.ts'

const newestOf = (versions: readonly string[]): string => [...versions].sort(compareVersions).at(-1) ?? ''

const refusal = (
  kind: keyof Policy,
  { managed }: DatabaseState,
  { subject, message }: Pick<Refusal, 'subject' | 'message'>,
): Refusal => ({
  kind,
  database: managed.database,
  subject,
  message: `${managed.database}: ${message}`,
  flag: `${policyFlags[kind]} ${subject}`,
})

const findInHistory = (state: DatabaseState): Refusal[] => {
  const refuse = ({ version, file, state: found }: HistoryEntry): Refusal[] => {
    switch (found) {
      case 'out-of-order': {
        const message = `${file} would run out of order: ${newestOf(state.applied)} is applied already`
        return [refusal('outOfOrder', state, { subject: version, message })]
      }
      case 'missing-file': {
        const message = `${version} is applied, but has no file in this checkout (an older one?)`
        return [refusal('missing', state, { subject: version, message })]
      }
      case 'edited':
        return [
          refusal('edited', state, { subject: version, message: `${file} was edited since it was applied` }),
        ]
      default:
        return []
    }
  }
  return history(state.files, state.applied, state.checksums).flatMap(refuse)
}

/** A finding of lint in words, and where it is. */
export const tellProblem = (
  name: string,
  { file, line, rule, message }: Problem,
): Required<Pick<Refusal, 'message' | 'place'>> => {
  const place = `${name}/${file}${line === undefined ? '' : `:${line}`}`
  return { place, message: `${place}: ${message} (${rule})` }
}

const findWarnings = (state: DatabaseState): Refusal[] =>
  unappliedFiles(state)
    .flatMap(({ problems }) => problems)
    .filter(({ level }) => level === 'warning')
    .map((problem) => ({
      ...refusal('warnings', state, { subject: problem.rule, message: '' }),
      ...tellProblem(storeName(state.managed), problem),
    }))

/** Databases of a fleet have the same files, in which the same is found. */
const distinct = (refusals: readonly Refusal[]): Refusal[] => [
  ...new Map(refusals.map((refusal) => [`${refusal.subject} ${refusal.message}`, refusal])).values(),
]

/** What the environment's policy refuses in these databases and nobody lifted, database by database. */
export const findRefusals = (
  { policy }: Environment,
  databases: readonly DatabaseState[],
  lifted: Lifted,
): Refusal[] =>
  distinct(
    databases
      .flatMap((state) => [...findInHistory(state), ...findWarnings(state)])
      .filter(({ kind, subject }) => policy[kind] === 'refuse' && !lifted[kind].includes(subject)),
  )
