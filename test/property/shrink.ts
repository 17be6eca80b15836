/** Plays it, and answers the number of the operation that failed. */
export type Replay<Op> = (operations: readonly Op[]) => Promise<number | undefined>

/** Plays of a shorter sequence that a failure is worth. */
const tries = 10

/** A shorter sequence that fails too: without what came after the failure, and without each earlier operation that is not needed. */
export const shrink = async <Op>(
  operations: readonly Op[],
  { failedAt, replay }: { failedAt: number; replay: Replay<Op> },
): Promise<readonly Op[]> => {
  let shortest = operations.slice(0, failedAt + 1)
  let left = tries
  for (let index = shortest.length - 2; index >= 0 && left > 0; index--, left--) {
    const shorter = shortest.filter((_, number) => number !== index)
    const failed = await replay(shorter)
    if (failed !== undefined) shortest = shorter.slice(0, failed + 1)
  }
  return shortest
}
