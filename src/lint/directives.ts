import type { LintedFile } from './rule.ts'

/** One `-- po-migrate:ignore RULE reason` line and what it covers. */
export type Directive = {
  line: number
  rule: string
  reason: string
  /** Not written as the ledger's checksum leaves it out: in column 0, in lower case, with these blanks. */
  malformed: boolean
  /** Lines, both included, whose findings it takes away; null where no statement follows. */
  covers: { from: number; to: number } | null
}

const written = /^-- po-migrate:ignore(?:[ \t]+(\S+))?(?:[ \t]+(\S.*?))?\s*$/
/** Looks like an ignore directive, however it is written; `irreversible` and `needs-data` are others. */
const meant = /^\s*--\s*po-migrate\s*:(?!(?:irreversible|needs-data)\b)/i
const breaks = /\n/g

/**
 * Above the up marker it covers the whole file; below, the statement it stands in, or the next one of its section.
 */
const coverOf = (line: number, { migration, sections }: LintedFile): Directive['covers'] => {
  if (line < migration.upLine) return { from: 1, to: Number.POSITIVE_INFINITY }
  const section = sections.findLast((candidate) => candidate.line <= line)
  for (const statement of section?.statements ?? []) {
    const to = statement.line + (statement.text.match(breaks)?.length ?? 0)
    if (to >= line) return { from: statement.line, to }
  }
  return null
}

/** Every ignore directive of a file, sound or not. */
export const parseDirectives = (file: LintedFile): Directive[] =>
  file.migration.text.split('\n').flatMap((text, index): Directive[] => {
    if (!meant.test(text)) return []
    const line = index + 1
    const [, rule = '', reason = ''] = written.exec(text) ?? []
    return [{ line, rule, reason, malformed: !written.test(text), covers: coverOf(line, file) }]
  })
