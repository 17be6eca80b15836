import { AppError, exitCodes } from '../errors.ts'
import { freeBytes, freeBytesIn } from '../io/docker/disk.ts'
import { readDataDirectory, readProperties } from '../io/postgres/inventory.ts'
import type { SharedEngine } from '../io/shared-engine.ts'
import type { DatabaseInventory } from '../model/inventory.ts'
import { renderBytes } from './report.ts'

/** Size of a small cluster: a throwaway server's, or a new one's. */
export const cluster = 100e6

export const tooSmall = (what: string, needed: number, free: number): AppError =>
  new AppError(
    `${what} has not enough room: ${renderBytes(needed)} are needed, ${renderBytes(free)} are free.`,
    {
      exitCode: exitCodes.refused,
      hint: 'docker system df; df -h',
    },
  )

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0)

const requireIn = async (
  { shared: { docker, tools } }: SharedEngine,
  { path, what, needed }: { path: string; what: string; needed: number },
): Promise<void> => {
  const { container } = await tools()
  const free = await freeBytesIn(docker, { container, path })
  if (free !== undefined && free < needed) throw tooSmall(what, needed, free)
}

/** @throws AppError (exit 4) when the dumps do not fit into the state directory, or the largest database once more on Docker's disk. */
export const requireBackupSpace = async (
  engine: SharedEngine,
  { path, databases }: { path: string; databases: readonly string[] },
): Promise<void> => {
  const { server } = engine
  const properties = await Promise.all(
    databases.map((name) =>
      readProperties((sql, values) => server.query(server.maintenance, sql, values), name),
    ),
  )
  const sizes = properties.map((one) => one?.size ?? 0)
  // A dump is smaller than what it is of; how much depends on the data, so nothing is taken for granted.
  const dumps = sum(sizes) / 2
  const free = await freeBytes(path)
  if (free < dumps) throw tooSmall(path, dumps, free)
  // Where the throwaway server's volume will be.
  await requireIn(engine, { path: '/', what: "Docker's disk", needed: Math.max(0, ...sizes) + cluster })
}

/** @throws AppError (exit 4) when the databases do not fit beside the present ones. */
export const requireRestoreSpace = async (
  engine: SharedEngine,
  restored: readonly DatabaseInventory[],
): Promise<void> => {
  // The disk of a server that is no container cannot be looked at.
  if (engine.server.address) return
  const path = await readDataDirectory(engine.server)
  await requireIn(engine, { path, what: "Postgres' disk", needed: sum(restored.map(({ size }) => size)) })
}
