/** Who may work while others do. */
export type Turns = {
  /** Beside others, once nobody has it alone. */
  share: <T>(work: () => Promise<T>) => Promise<T>
  /** Once what was begun has ended; nothing else begins before this has ended too. */
  alone: <T>(work: () => Promise<T>) => Promise<T>
  /** Whether any two have worked at one time. */
  wereShared: () => boolean
}

export const openTurns = (): Turns => {
  const running = new Set<Promise<unknown>>()
  let most = 0
  let last: Promise<unknown> | undefined
  const share: Turns['share'] = async (work) => {
    while (last !== undefined) await last
    const done = work()
    const settled = done.catch(() => {})
    running.add(settled)
    most = Math.max(most, running.size)
    try {
      return await done
    } finally {
      running.delete(settled)
    }
  }
  const alone: Turns['alone'] = async (work) => {
    while (last !== undefined) await last
    const done = Promise.all(running).then(work)
    last = done.catch(() => {})
    try {
      return await done
    } finally {
      last = undefined
    }
  }
  return { share, alone, wereShared: () => most > 1 }
}
