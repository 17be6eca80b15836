import type { DoctorDocument, StatusDocument } from './documents.ts'
import type { Paint } from './paint.ts'
import { plural, renderError, renderTable } from './render.ts'
import { renderStatusMatrix } from './status-matrix.ts'

type EnvironmentStatus = StatusDocument['environments'][number]
type DatabaseStatus = EnvironmentStatus['databases'][number]

const summarise = ({ exists, applied, pending }: DatabaseStatus, paint: Paint): string => {
  if (!exists) return paint.yellow('does not exist yet')
  return pending > 0 ? `${applied} applied, ${paint.yellow(`${pending} pending`)}` : `${applied} applied`
}

const renderMigration = (
  { version, file, state }: DatabaseStatus['migrations'][number],
  paint: Paint,
): string[] => {
  const symbol = state === 'applied' ? paint.green(paint.symbols.done) : paint.yellow(paint.symbols.skipped)
  return [
    ` ${symbol}`,
    file ?? `${version} (no file in this checkout)`,
    state === 'applied' ? '' : paint.yellow(state),
  ]
}

const renderDatabase = (status: DatabaseStatus, paint: Paint): string => {
  const { database, error, migrations } = status
  if (error) return renderError({ hint: undefined, ...error }, paint)
  const rows = migrations.map((migration) => renderMigration(migration, paint))
  return `${paint.bold(database)}  ${summarise(status, paint)}\n${renderTable(rows)}`
}

const renderEnvironment = (
  { environment, host, network, server, error, databases }: EnvironmentStatus,
  paint: Paint,
): string => {
  const place = [host && `host ${host}`, server, network && `network ${network}`].filter(Boolean).join(' · ')
  const header = `${paint.bold(environment)}${place ? paint.dim(` · ${place}`) : ''}\n`
  if (error) return header + renderError({ hint: undefined, ...error }, paint)
  if (databases.length === 0) return `${header}no managed database yet\n`
  return header + databases.map((database) => renderDatabase(database, paint)).join('')
}

/** Every environment, database and migration, for people: several environments side by side. */
export const renderStatus = ({ environments }: StatusDocument, paint: Paint): string => {
  const [first, ...others] = environments
  if (first && others.length === 0) return renderEnvironment(first, paint)
  return renderStatusMatrix(environments, paint)
}

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
      return yellow(symbols.failed)
    case 'failed':
      return red(symbols.failed)
    case 'skipped':
      return dim(symbols.skipped)
  }
}

/** One line a check, the remedy under what failed, a count at the end. */
export const renderDoctor = ({ checks }: DoctorDocument, paint: Paint): string => {
  const groups = Map.groupBy(checks, ({ environment }) => environment ?? 'this machine')
  const sections = [...groups].map(([name, members]) => {
    const rows = members.map(({ title, status, finding, remedy }) => {
      const line = `${symbolOf(status, paint)} ${title.padEnd(22)} ${finding}`
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
