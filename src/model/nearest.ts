/**
 * Edits from one word to the other, two swapped neighbours counting as one (optimal string alignment, by rows). leven and
 * fastest-levenshtein count them as two: nobody would have meant `dev` by `dve`.
 */
const distance = (a: string, b: string): number => {
  let above: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const swapped = j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j]
      next.push(
        Math.min(
          (next[j] ?? 0) + 1,
          (row[j + 1] ?? 0) + 1,
          (row[j] ?? 0) + Number(a[i] !== b[j]),
          swapped ? (above[j - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    above = row
    row = next
  }
  return row[b.length] ?? 0
}

/** The known word that a typo most likely meant, if any is close. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0]
  return ranked && ranked.far <= Math.max(1, Math.floor(ranked.candidate.length / 2))
    ? ranked.candidate
    : undefined
}
