/** A number for each value, the same for those that read the same; the very same one is written out once. */
export const numberAlike = (): ((value: unknown) => number) => {
  const seen = new Map<unknown, number>()
  const texts = new Map<string, number>()
  return (value) => {
    const known = seen.get(value)
    if (known !== undefined) return known
    const text = JSON.stringify(value) ?? ''
    const number = texts.get(text) ?? texts.size
    texts.set(text, number)
    seen.set(value, number)
    return number
  }
}
