const hour = 60 * 60 * 1000

const span = (ms: number): string => {
  const hours = Math.floor(ms / hour)
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`
}

/** Clocks of two machines are never quite the same. */
const slack = 60_000

export const isAhead = (at: string, now: number): boolean => Date.parse(at) > now + slack

/** `5 h ago`, `3 days ago`, or where a clock went wrong `dated 365 days ahead of this clock`. */
export const describeMoment = (at: string, now: number): string =>
  isAhead(at, now)
    ? `dated ${span(Date.parse(at) - now)} ahead of this clock`
    : `${span(Math.max(0, now - Date.parse(at)))} ago`
