const ordinary = /^[\x20-\x7e]*$/
/** What a terminal gives two columns: ideographs, syllables, full-width forms, emoji. */
const wide =
  /(?![\uff61-\uff9f])[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\u30fb\u30fc\uff01-\uff60\uffe0-\uffe6]/u
/** What it puts on top of what stands before: accents, joiners, selectors. */
const none = /[\p{Mn}\p{Me}\p{Cf}]/u

/** A text by the columns it takes: a wide character has an empty one behind it, an accent is in that of its letter. */
export const cellsOf = (text: string): string[] => {
  if (ordinary.test(text)) return [...text]
  const cells: string[] = []
  for (const character of text) {
    if (none.test(character)) cells.push(`${cells.pop() ?? ''}${character}`)
    else cells.push(character, ...(wide.test(character) ? [''] : []))
  }
  return cells
}

/** So many of them from the beginning: a blank for the half of a wide one. */
export const firstCells = (cells: readonly string[], count: number): string[] =>
  count > 0 && cells[count] === '' ? [...cells.slice(0, count - 1), ' '] : cells.slice(0, Math.max(0, count))
