import { blankOpaque } from '../model/blank.ts'
import type { SyntaxFault } from './parse.ts'
import type { Found, LintedSection } from './rule.ts'

export type FaultRule = 'copy-stdin' | 'psql-command' | 'syntax'

const copyFromStdin = /\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;/i
const psqlVariable = /^:(?:\w|'\w|"\w|\{)/

/** The line of an index before the fault; the fault's own line is known. */
const lineAt = (sql: string, index: number, fault: SyntaxFault): number =>
  fault.line - (sql.slice(index, fault.index).split('\n').length - 1)

/**
 * Why the grammar stopped: it knows neither psql's commands nor the data lines under COPY FROM stdin, and only says
 * "syntax error" at either.
 */
const explain = (sql: string, fault: SyntaxFault): Found & { rule: FaultRule } => {
  const { line, column, message } = fault
  const copy = copyFromStdin.exec(blankOpaque(sql).slice(0, fault.index))
  if (copy) {
    const at = lineAt(sql, copy.index, fault)
    const lineStart = sql.lastIndexOf('\n', copy.index) + 1
    const words = 'reads rows from psql, which is not there'
    return { rule: 'copy-stdin', line: at, column: copy.index - lineStart + 1, message: words }
  }
  const rest = sql.slice(fault.index)
  if (rest.startsWith('\\')) {
    const [word = ''] = rest.split(' ', 1)[0]?.split('\n', 1) ?? []
    return { rule: 'psql-command', line, column, message: `${word} is a command of psql, not SQL` }
  }
  if (psqlVariable.test(rest))
    return { rule: 'psql-command', line, column, message: 'a variable of psql, not SQL' }
  return { rule: 'syntax', line, column, message }
}

/** A rule's `find` for the fault of a section, if it is this rule's. */
export const findFault =
  (rule: FaultRule) =>
  ({ sql, fault }: LintedSection): Found[] => {
    if (!fault) return []
    const { rule: explained, ...found } = explain(sql, fault)
    return explained === rule ? [found] : []
  }
