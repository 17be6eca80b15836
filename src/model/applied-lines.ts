const appliedLine = /^Applied: (.+) in (\d[\w.µ]*)\n/gm
const applyingLine = /^Applying: (.+)\n/gm
const parts = /([\d.]+)(h|ms|µs|us|ns|m|s)/g
const inMs: Readonly<Record<string, number>> = {
  h: 3.6e6,
  m: 60_000,
  s: 1000,
  ms: 1,
  µs: 1e-3,
  us: 1e-3,
  ns: 1e-6,
}

/** Go's way to write a duration, `1m2.5s` or `19.03ms`, in milliseconds. */
export const parseGoDuration = (text: string): number =>
  Math.round(
    [...text.matchAll(parts)].reduce((sum, [, n, unit = '']) => sum + Number(n) * (inMs[unit] ?? 0), 0),
  )

/** Milliseconds by file, of what dbmate is through with: it writes `Applied:` for a file that failed, too. Source: pkg/dbmate/db.go. */
export const readApplied = (output: string): Map<string, number> =>
  new Map([...output.matchAll(appliedLine)].map(([, file = '', took = '']) => [file, parseGoDuration(took)]))

/** The file that dbmate began last. */
export const lastBegun = (output: string): string | undefined =>
  [...output.matchAll(applyingLine)].at(-1)?.[1]
