/** Lines with a mark in front: `-` only the files make, `+` only there; lines that are alike are left out. */
export const lineDifference = (expected: string | null, found: string | null): string[] => {
  const [left, right] = [expected?.split('\n') ?? [], found?.split('\n') ?? []]
  const only = (lines: readonly string[], others: readonly string[]): string[] => {
    const rest = [...others]
    return lines.filter((line) => {
      const at = rest.indexOf(line)
      if (at >= 0) rest.splice(at, 1)
      return at < 0 && line.trim() !== ''
    })
  }
  const shorter = [
    ...only(left, right).map((line) => `- ${line}`),
    ...only(right, left).map((line) => `+ ${line}`),
  ]
  if (shorter.length > 0) return shorter
  // The same lines in another order.
  return [...left.map((line) => `- ${line}`), ...right.map((line) => `+ ${line}`)]
}
