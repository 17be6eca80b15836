import { createHash } from 'node:crypto'
import type { ShownProblem } from './lint.ts'

/** One entry of GitLab's Code Quality report. Source: docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format. */
export type CodeQualityEntry = {
  description: string
  check_name: string
  fingerprint: string
  severity: 'critical' | 'minor'
  location: { path: string; lines: { begin: number } }
}

const lineEnd = /\r?\n/

/** Made of the line's text instead of its number, so that it survives lines that come in above. */
const fingerprintOf = ({ rule, file, line, text, message }: ShownProblem, repeated: number): string => {
  const content = line === undefined ? message : (text?.split(lineEnd)[line - 1]?.trim() ?? message)
  return createHash('sha256')
    .update(JSON.stringify([rule, file, content, repeated]))
    .digest('hex')
}

/** GitLab's Code Quality report; `file` of each problem is relative to the repository. */
export const toCodeQuality = (problems: readonly ShownProblem[]): CodeQualityEntry[] => {
  const seen = new Map<string, number>()
  return problems.map((problem) => {
    const first = fingerprintOf(problem, 0)
    const repeated = seen.get(first) ?? 0
    seen.set(first, repeated + 1)
    return {
      description: problem.message,
      check_name: problem.rule,
      fingerprint: repeated === 0 ? first : fingerprintOf(problem, repeated),
      severity: problem.level === 'error' ? 'critical' : 'minor',
      location: { path: problem.file, lines: { begin: problem.line ?? 1 } },
    }
  })
}
