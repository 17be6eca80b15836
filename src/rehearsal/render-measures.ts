import { renderBytes } from '../backup/report.ts'
import { plural, renderDuration } from '../report/render.ts'
import type { Measures } from './measures.ts'

/** What every reader takes, and nobody waits for. */
const harmless = 'AccessShareLock'

/** What a file took on the copies, a line, then one for each kind of thing that it held or wrote anew. */
export const renderMeasures = ({
  database,
  file,
  ms,
  rows = 0,
  wal = 0,
  rewritten = [],
  locks = [],
}: Measures & { database: string; file: string; ms: number }): string[] => [
  `rehearsed ${database} ${file}: ${renderDuration(ms)}, ${plural(rows, 'row')}, ${renderBytes(Math.max(0, wal))} of WAL`,
  ...(rewritten.length > 0 ? [`  writes anew: ${rewritten.join(', ')}`] : []),
  ...locks.flatMap(({ relation, modes }) => {
    const told = modes.filter((mode) => mode !== harmless)
    return told.length > 0 ? [`  locks ${relation}: ${told.join(', ')}`] : []
  }),
]
