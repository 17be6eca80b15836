import { renderBytes } from '../../backup/report.ts'
import type { Position } from '../../model/position.ts'
import { plural, renderTable } from '../../report/render.ts'

export type SinceView = {
  transactions: number | undefined
  databases: readonly { name: string; rows: number; bytes: number }[]
}

const renderWritten = (count: number | undefined): string => {
  if (count === undefined) return 'What was written since is not known.\n'
  return count === 0
    ? 'Nothing was written since.\n'
    : `Written since: ${plural(count, 'transaction')} (autovacuum's count too).\n`
}

/** What an undoing replaces, and that it is kept. */
export const renderSince = (
  since: SinceView | undefined,
  { target, copy, isHalfMade }: { target: Position; copy: string | undefined; isHalfMade: boolean },
): string => {
  const { frame, begun } = target
  const half = isHalfMade ? 'What comes back is a cutover that was never finished: it may not start.\n' : ''
  const head = `Taking back the ${frame.command} of ${begun.slice(0, 16).replace('T', ' ')}.\n${half}`
  if (copy === undefined) return `${head}Nothing was replaced yet: what was stopped starts again.\n`
  if (!since) return `${head}Postgres does not answer, so what was written since cannot be told.\n`
  const rows = since.databases.map(({ name, rows: count, bytes }) => [
    name,
    renderBytes(bytes),
    plural(count, 'row'),
  ])
  return `${head}${renderWritten(since.transactions)}It is kept in ${copy}; on the server now:\n${renderTable(rows, '  ')}`
}
