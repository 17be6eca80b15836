const plain = /^[\w@%+=:,./-]+$/

/** One word for a POSIX shell, whatever is in it. */
export const quote = (word: string): string =>
  plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

/** An argument list as one shell line: ssh joins its arguments by spaces and lets the login shell split them again. */
export const quoteAll = (words: readonly string[]): string => words.map(quote).join(' ')
