const redacted = '[redacted]'
const inspect = Symbol.for('nodejs.util.inspect.custom')

/** Letters, perhaps with a number behind them: so plain a password cannot be told from names and prose. */
const word = /^[a-z]+(?:[_-][a-z]+)*[_-]?\d{0,4}$/i
const shortest = 12
const oneCase = /^(?:[^A-Z]*|[^a-z]*|[A-Z][^A-Z]*)$/

const isWord = (value: string): boolean => value.length < shortest && word.test(value) && oneCase.test(value)

const replaceAnywhere = (text: string, form: string): string => text.replaceAll(form, redacted)

/** `password=…`, `"password": "…"`, `PASSWORD '…'`, `identified by '…'`, `//user:…@`, and the end of a PGPASSFILE's line. */
const before = [
  String.raw`(?:password|passwd|pwd)\w*["']?(?:\s*[=:]\s*e?["']?|\s+e?["'])`,
  String.raw`identified\s+by\s+e?["']?`,
  String.raw`//[^\s/@:]*:(?=[^\s/@:]*@)`,
  String.raw`^(?:[^\s:]*:){4}`,
].join('|')

/** `form` is of a word (`isWord`), so nothing in it needs an escape. */
const replaceInPlace = (text: string, form: string): string =>
  text.replaceAll(new RegExp(`(${before})${form}(?![\\w-])`, 'gim'), `$1${redacted}`)

/** A value that prints as `[redacted]` wherever it strays; `reveal()` is the one way to it. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return redacted
  }

  toJSON(): string {
    return redacted
  }

  [inspect](): string {
    return redacted
  }

  /**
   * Foreign text (dbmate's, Docker's) without the value or its NFKC form, raw or percent-encoded. A short word such as
   * `postgres` goes only from where a password can stand: elsewhere it is somebody's name, and says nothing.
   */
  redact(text: string): string {
    const raw = [this.#value, this.#value.normalize('NFKC')]
    const forms = new Set([...raw, ...raw.map(encodeURIComponent)])
    const replace = isWord(this.#value) ? replaceInPlace : replaceAnywhere
    let clean = text
    for (const form of forms) if (form) clean = replace(clean, form)
    return clean
  }
}
