/** Sessions that an environment of many databases has open side by side: a server has few for everybody. */
export const fewSessions = 8

/** As `Promise.all` over `map`, but no more than a few of them under way at once. */
export const fewAtATime = async <T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  most = fewSessions,
): Promise<R[]> => {
  const results: R[] = new Array(items.length)
  const rest = items.entries()
  const next = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: most }, next))
  return results
}
