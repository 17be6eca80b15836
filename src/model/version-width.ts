import type { MigrationFile, Problem } from './types.ts'

const numberOf = ({ version }: MigrationFile): bigint => BigInt(version || '0')

/**
 * Marks files that dbmate would run before a lower number, because it compares versions as text (`10_a` before `9_a`).
 * Numbers before timestamps (`00012` before `20260101000000`) are in order both ways.
 */
export const markWidths = (files: readonly MigrationFile[]): MigrationFile[] => {
  let lowest: MigrationFile | undefined
  const marked = files.toReversed().map((entry) => {
    if (lowest === undefined || numberOf(entry) <= numberOf(lowest)) {
      lowest = entry
      return entry
    }
    const message = `runs before ${lowest.file}: dbmate compares versions as text, so all need the same number of digits`
    const problem: Problem = { rule: 'version-width', level: 'error', file: entry.file, message }
    return { ...entry, problems: [...entry.problems, problem] }
  })
  return marked.toReversed()
}
