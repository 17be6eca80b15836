import type { DoctorDocument } from './documents.ts'
import type { Paint } from './paint.ts'
import { plural } from './render.ts'

const symbolOf = (
  status: DoctorDocument['checks'][number]['status'],
  { symbols, green, red, yellow, dim }: Paint,
): string => {
  switch (status) {
    case 'ok':
      return green(symbols.done)
    case 'fixed':
      return yellow(symbols.done)
    case 'warning':
      return yellow('!')
    case 'failed':
      return red(symbols.failed)
    case 'skipped':
      return dim(symbols.skipped)
  }
}

const nothing = new Set(['none', 'nothing'])

/** Where nothing was found that is wrong, there is nothing to read. */
const findingOf = ({ status, finding }: DoctorDocument['checks'][number], { symbols, dim }: Paint): string =>
  status === 'ok' && nothing.has(finding) ? dim(symbols.skipped) : finding

/** One line a check, the remedy under what failed, a count at the end. */
export const renderDoctor = ({ checks }: DoctorDocument, paint: Paint): string => {
  const groups = Map.groupBy(checks, ({ environment }) => environment ?? 'this machine')
  const width = Math.max(22, ...checks.map(({ title }) => title.length))
  const sections = [...groups].map(([name, members]) => {
    const rows = members.map((check) => {
      const { title, status, remedy } = check
      const line = `${symbolOf(status, paint)} ${title.padEnd(width)} ${findingOf(check, paint)}`
      const next = remedy?.split('\n').map((command) => `    ${paint.symbols.next} ${command}\n`) ?? []
      return `${line}\n${next.join('')}`
    })
    return `${paint.bold(name)}\n${rows.join('')}`
  })
  const count = (wanted: string): number => checks.filter(({ status }) => status === wanted).length
  const failed = count('failed')
  const warnings = count('warning')
  const verdict = failed > 0 ? paint.red(`${plural(failed, 'check')} failed`) : 'all checks passed'
  const noted = warnings > 0 ? paint.yellow(`, ${plural(warnings, 'warning')}`) : ''
  return `${sections.join('\n')}\n${verdict}${noted}\n`
}
