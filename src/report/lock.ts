import { describeHolder, type Holder } from '../model/holder.ts'
import type { LockDocument } from './documents.ts'
import type { Paint } from './paint.ts'
import { renderTable } from './render.ts'

export type LockReading = {
  locks: readonly { database: string; backend: number; holder: Holder | undefined }[]
  orphans: {
    containers: readonly { name: string; run: string; running: boolean; foreign?: string }[]
    backends: readonly { pid: number; run: string; database: string; query: string; foreign?: string }[]
  }
}

export const describeLocks = (
  environment: string,
  databases: readonly string[],
  reading: LockReading,
): LockDocument => ({
  version: 1,
  environment,
  databases: databases.map((database) => {
    const lock = reading.locks.find((candidate) => candidate.database === database)
    return { database, locked: lock !== undefined, ...(lock?.holder && { holder: lock.holder }) }
  }),
  left: {
    containers: reading.orphans.containers.map(({ name, run, running }) => ({ name, run, running })),
    backends: reading.orphans.backends.map(({ pid, run, database, query }) => ({
      pid,
      run,
      database,
      query,
    })),
  },
})

const whose = ({ foreign }: { foreign?: string }): string =>
  foreign === undefined ? '' : ` of the project ${foreign}`

/** Who holds what, and what runs that died left. */
export const renderLocks = (
  databases: readonly string[],
  { locks, orphans }: LockReading,
  paint: Paint,
): string => {
  const rows = databases.map((database) => {
    const lock = locks.find((candidate) => candidate.database === database)
    if (!lock) return [database, paint.green('free')]
    return [database, paint.yellow(lock.holder ? describeHolder(lock.holder) : `backend ${lock.backend}`)]
  })
  const left = [
    ...orphans.containers.map(
      (one) => `${one.running ? 'still running' : 'left behind'}: container ${one.name}${whose(one)}`,
    ),
    ...orphans.backends.map((one) => `still running: backend ${one.pid} in ${one.database}${whose(one)}`),
  ]
  return renderTable(rows) + left.map((line) => `${paint.yellow(line)}\n`).join('')
}
