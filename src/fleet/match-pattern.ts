const special = /[\\^$.|+()[\]{}]/g

/** `*` stands for anything, `?` for one character; everything else for itself. */
const toExpression = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(special, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su')

export type PatternOptions = {
  pattern: string
  suffix: string
  /** Longer suffixes, of other environments beside: what ends so is theirs. */
  otherSuffixes: readonly string[]
}

/** Names on the server that fit, without the suffix, in order. */
export const matchPattern = (
  names: readonly string[],
  { pattern, suffix, otherSuffixes }: PatternOptions,
): string[] => {
  const expression = toExpression(pattern)
  return names
    .filter((name) => name.endsWith(suffix) && !otherSuffixes.some((other) => name.endsWith(other)))
    .map((name) => name.slice(0, name.length - suffix.length))
    .filter((key) => expression.test(key))
    .sort((a, b) => (a < b ? -1 : 1))
}
