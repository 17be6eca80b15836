const plain = /^[\w@%+=:,./-]+$/

/** One word for a POSIX shell, whatever is in it. */
export const quote = (word: string): string =>
  plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

/** An argument list as one line for a POSIX shell. */
export const quoteAll = (words: readonly string[]): string => words.map(quote).join(' ')

const harmful = /[^\w ./:=,@+-]/gu

const inOctal = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('')

/**
 * An argument list for ssh, which gives the login shell a line to split, whichever shell that is. csh cannot read a quoted
 * line's end, nor fish a quoted backslash: what is not harmless to all of them is written in octal, for `sh` to read.
 */
export const quoteForAnyShell = (words: readonly string[]): string =>
  `sh -c 'eval "exec $(printf %b "${quoteAll(words).replace(harmful, inOctal)}")"'`
