/** What a run left; `sequence` counts the runs of a project, which releases before it did not do. */
export type Ordered = { run: string; sequence?: number | undefined }

/** From old to new, whatever the clock said: what has no number is older than all that has one, and ordered by its run's id. */
export const compareOrder = (a: Ordered, b: Ordered): number =>
  (a.sequence ?? 0) - (b.sequence ?? 0) || Number(a.run > b.run) - Number(a.run < b.run)
