/** What the tool said, or did, is not what is right. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export const insist = (condition: boolean, what: () => string): void => {
  if (!condition) throw new Violation(what())
}

const text = (value: unknown): string => JSON.stringify(value)

export const insistSame = (what: string, found: unknown, right: unknown): void =>
  insist(text(found) === text(right), () => `${what}: ${text(found)}, and right is ${text(right)}`)
