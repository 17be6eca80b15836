import { readManifest } from '../backup/manifest.ts'
import { AppError, exitCodes } from '../errors.ts'
import type { Facts } from '../model/journal.ts'
import type { Manifest } from '../model/manifest.ts'

/** What comes along is in the newer of the two backups. */
export const carriedFrom = ({ backup, carried }: Facts): { directory: string; manifest: Manifest } => {
  const directory = carried ?? backup ?? ''
  return { directory, manifest: readManifest(directory) }
}

export const differs = (what: string, differences: readonly string[]): AppError =>
  new AppError(`${what} did not come along as ${differences.length > 1 ? 'they were' : 'it was'}.`, {
    exitCode: exitCodes.failed,
    details: differences,
  })
