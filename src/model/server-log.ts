type LogRecord = { process: string; field: string; text: string }

const recordLine =
  /^(?:.*?\[(\d+)\])?.*?\b(ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|LOG|DETAIL|HINT|CONTEXT|QUERY|LOCATION|BACKTRACE|STATEMENT): {2}([^\n]*)$/
const shown = new Set(['DETAIL', 'HINT', 'QUERY', 'CONTEXT'])
const opening = new Set(['ERROR', 'FATAL', 'PANIC', 'WARNING', 'NOTICE', 'INFO', 'LOG'])

/** Records of a Postgres stderr log; lines that start with a tab continue the one before. */
const parseRecords = (log: string): LogRecord[] => {
  const records: LogRecord[] = []
  for (const line of log.split('\n')) {
    const found = line.startsWith('\t') ? null : recordLine.exec(line)
    const last = records.at(-1)
    if (found) records.push({ process: found[1] ?? '', field: found[2] ?? '', text: found[3] ?? '' })
    else if (last) last.text += `\n${line.replace('\t', '')}`
  }
  return records
}

/**
 * DETAIL, HINT, QUERY (what a function or a DO block was at) and CONTEXT of the last error whose STATEMENT is the given text, from the server's stderr log.
 * Backends interleave, so records are told apart by the `[pid]` of the default log_line_prefix.
 */
export const findLogged = (log: string, statement: string): string[] => {
  const open = new Map<string, LogRecord[]>()
  let found: string[] = []
  for (const record of parseRecords(log)) {
    if (opening.has(record.field)) open.set(record.process, [])
    open.get(record.process)?.push(record)
    if (record.field !== 'STATEMENT' || record.text.trim() !== statement.trim()) continue
    const group = open.get(record.process) ?? []
    found = group
      .filter(({ field }) => shown.has(field))
      .map(({ field, text }) => `${field}: ${text.trimEnd()}`)
  }
  return found
}
