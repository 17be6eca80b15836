import { readFileSync, type Stats, statSync } from 'node:fs'

/** What one file may have: dbmate takes four times that beside the files themselves, in a container of 512 MB. */
export const largestFile = 64 * 2 ** 20

/** Bytes that can be read as a migration, or the rule and why not. */
export type MigrationBytes = { bytes: Buffer } | { rule: 'unreadable-file' | 'too-large'; message: string }

const kindOf = (stats: Stats): string => {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a pipe'
  return stats.isSocket() ? 'a socket' : 'a device'
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`

/** Reads a file only once it is known to be one, and of a size that can run: a pipe would never end. Links are followed. */
export const readMigrationBytes = (path: string): MigrationBytes => {
  try {
    const stats = statSync(path)
    if (!stats.isFile()) return { rule: 'unreadable-file', message: `is ${kindOf(stats)}, not a file` }
    if (stats.size <= largestFile) return { bytes: readFileSync(path) }
    const message = `has ${megabytes(stats.size)}, more than the ${megabytes(largestFile)} that dbmate's container can run: split it, or load its rows by COPY outside the migrations`
    return { rule: 'too-large', message }
  } catch (cause) {
    return { rule: 'unreadable-file', message: `cannot be read: ${(cause as Error).message}` }
  }
}
