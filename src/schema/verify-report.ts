import { join, relative } from 'node:path'
import type { ShownProblem } from '../report/lint.ts'
import type { Paint } from '../report/paint.ts'
import { plural, renderDuration, renderTable } from '../report/render.ts'
import { Fault } from './plan/verify.ts'
import type { Verdict } from './verify-run.ts'

const ms = (time: number | undefined): string => (time === undefined ? '' : renderDuration(time))

const downOf = ({ step, timing, error }: Verdict): string => {
  if (error || !timing) return ''
  return step.migration.irreversible === undefined ? `down ${ms(timing.down)}` : 'irreversible, as declared'
}

const again = ({ timing }: Verdict): string =>
  timing?.again === undefined ? '' : `again ${renderDuration(timing.again)}`

const symbolOf = ({ error, timing }: Verdict, { symbols, green, red, dim }: Paint): string => {
  if (error) return red(symbols.failed)
  return timing ? green(symbols.done) : dim(symbols.skipped)
}

/** A line a file, with how long each of its ways took; then the count. */
export const renderVerified = (verdicts: readonly Verdict[], paint: Paint, time: number): string => {
  const rows = verdicts.map((verdict) => [
    symbolOf(verdict, paint),
    verdict.step.managed.name,
    verdict.step.migration.file,
    verdict.timing && !verdict.error ? `up ${ms(verdict.timing.up)}` : '',
    downOf(verdict),
    again(verdict),
  ])
  const wrong = verdicts.filter(({ error }) => error).length
  const skipped = verdicts.filter(({ error, timing }) => !error && !timing).length
  const counts = [
    ...(wrong > 0 ? [`${wrong} wrong`] : []),
    ...(skipped > 0 ? [`${skipped} not reached`] : []),
  ]
  return `${renderTable(rows)}verify: ${plural(verdicts.length, 'migration')}, ${counts.join(', ') || 'every one as it should be'}, in ${renderDuration(time)}\n`
}

/** What is wrong, as lint tells it, for the page of a merge request; paths are relative to the repository. */
export const problemsOf = (verdicts: readonly Verdict[], root: string): ShownProblem[] =>
  verdicts.flatMap(({ step: { managed, migration }, error }): ShownProblem[] =>
    error
      ? [
          {
            rule: error instanceof Fault ? error.rule : 'verify',
            level: 'error',
            database: managed.name,
            file: relative(root, join(managed.directory, migration.file)),
            line: error instanceof Fault ? error.line : migration.upLine,
            message: [error.message, ...error.details].join('\n'),
            text: migration.text,
          },
        ]
      : [],
  )
