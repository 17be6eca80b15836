/** What dbmate said of a failed migration; `line` and `column` are 1-based, within the up section. */
export type DbmateError = { message: string; sqlState?: string; line?: number; column?: number }

const firstError = /^Error: /m
const ownPosition = / at position \d+:\d+$/
const errorLine =
  /^Error: (?:line: (\d+), column: (\d+), position: \d+: )?(?:pq: )?(.*?)(?: \((?:SQLSTATE )?([0-9A-Z]{5})\))?$/s

/**
 * Reads dbmate's last words; the shape is dbmate 2.x's `QueryError` (pkg/dbmate/driver.go) around lib/pq's text.
 * lib/pq names the position once more, in the up section's lines: left out, since ours are the file's.
 */
export const parseDbmateError = (output: string): DbmateError => {
  const start = output.search(firstError)
  const found = start < 0 ? null : errorLine.exec(output.slice(start).trim())
  if (!found) return { message: output.trim() || 'dbmate said nothing' }
  const [, line, column, message = '', sqlState] = found
  return {
    message: line ? message.replace(ownPosition, '') : message,
    ...(sqlState && { sqlState }),
    ...(line && { line: Number(line), column: Number(column) }),
  }
}
