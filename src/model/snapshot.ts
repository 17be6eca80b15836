const shape = /^(\d+):(\d+):([\d,]*)$/

type Snapshot = { next: bigint; running: string[] }

const parse = (text: string): Snapshot => {
  const [, , next = '0', running = ''] = shape.exec(text) ?? []
  return { next: BigInt(next), running: running.split(',').filter(Boolean) }
}

/**
 * Whether anything may have been written on a server between two answers of `pg_current_snapshot()` (`xmin:xmax:xip`):
 * a transaction that wrote got an id since, or one that already had its id was still open at the first.
 */
export const mayHaveWritten = (before: string, now: string): boolean => {
  const [first, second] = [parse(before), parse(now)]
  return first.running.length > 0 || second.next !== first.next
}

/** Transactions that wrote between two answers of `pg_current_snapshot()`; autovacuum's are among them. */
export const transactionsBetween = (before: string, now: string): number =>
  Number(parse(now).next - parse(before).next)

/** The next transaction id of an answer of `pg_current_snapshot()`. */
export const nextTransaction = (position: string): bigint => parse(position).next
