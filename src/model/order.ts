/** What a run left; `sequence` counts the runs of a project, which releases before it did not do. */
export type Ordered = { run: string; sequence?: number | undefined }

/** From old to new, whatever the clock said: what has no number is older than all that has one, and ordered by its run's id. */
export const compareOrder = (a: Ordered, b: Ordered): number =>
  (a.sequence ?? 0) - (b.sequence ?? 0) || Number(a.run > b.run) - Number(a.run < b.run)

/**
 * Several stories as one. What each tells in order stays so; between them dates decide, and one that is later than what
 * followed it in its own story is of a clock that was ahead.
 */
export const interleave = <T>(stories: readonly (readonly T[])[], at: (told: T) => string): T[] =>
  stories
    .flatMap((story) => {
      let latest = '~'
      return story
        .toReversed()
        .map((told) => {
          latest = at(told) < latest ? at(told) : latest
          return { told, moment: latest }
        })
        .reverse()
    })
    .sort((a, b) => Number(a.moment > b.moment) - Number(a.moment < b.moment))
    .map(({ told }) => told)
