/** Levenshtein distance by rows. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, charA] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, charB] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + Number(charA !== charB)))
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
