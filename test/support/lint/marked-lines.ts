/** 1-based numbers of the lines that a fixture marks with ✗: where a rule has to find something. */
export const markedLines = (text: string): number[] =>
  text.split('\n').flatMap((line, index) => (line.includes('✗') ? [index + 1] : []))
