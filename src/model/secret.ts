const inspect = Symbol.for('nodejs.util.inspect.custom')

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
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [inspect](): string {
    return '[redacted]'
  }

  /** Foreign text (dbmate's, Docker's) without the value or its NFKC form, raw or percent-encoded. */
  redact(text: string): string {
    const raw = [this.#value, this.#value.normalize('NFKC')]
    const forms = new Set([...raw, ...raw.map(encodeURIComponent)])
    let clean = text
    for (const form of forms) if (form) clean = clean.replaceAll(form, '[redacted]')
    return clean
  }
}
