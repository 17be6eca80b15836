export type Measures = {
  /** Of the volume. */
  bytes: number
  /** Bytes a second, copied and compared. */
  rate: number
  /** Milliseconds that the migrations took on an empty server. */
  migrations: number
  /** Bytes of the databases that are carried over. */
  carried: number
}

export type Prediction = { copy: number; migrations: number; carried: number; stacks: number; total: number }

/** Milliseconds to stop Postgres, to make a new cluster, and until health checks have passed; measured on small machines. */
const stacks = 12_000
/** Bytes a second that pg_restore makes, indexes included: a careful guess, since nothing was restored yet. */
const restoreRate = 20e6
/** The same of pg_dump: what is carried over is dumped once more when anything was written since the backup. */
const dumpRate = 40e6

/** Milliseconds that the services will be down. */
export const predictDowntime = ({ bytes, rate, migrations, carried }: Measures): Prediction => {
  const copy = (bytes / Math.max(1, rate)) * 1000
  const again = (carried / dumpRate + carried / restoreRate) * 1000
  return { copy, migrations, carried: again, stacks, total: copy + migrations + again + stacks }
}
