import type { GlobalOptions } from '../frame/options.ts'

/** What yargs made of a verb that names an environment or a host. */
export type Named = GlobalOptions & {
  _?: readonly (string | number)[]
  environment?: unknown
  host?: unknown
  dryRun?: unknown
  fix?: unknown
  action?: unknown
}

export type Typed = { options: Named; argv: readonly string[] }

/** Verbs that print one document; every other one is a run, and prints events. */
const documents = new Set(['plan', 'status', 'history', 'lock', 'doctor', 'lint', 'new', 'report', 'drift'])

export const verbOf = ({ options, argv }: Typed): string => String(options._?.[0] ?? argv[0])

export const isRun = (typed: Typed): boolean =>
  !(documents.has(verbOf(typed)) || typed.options.dryRun === true)

/** Whether a verb, as it was typed, may change something on its host. */
export const changes = (options: Named, argv: readonly string[]): boolean =>
  isRun({ options, argv }) || options.fix === true || options.action === 'release'
