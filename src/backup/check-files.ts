import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { AppError, exitCodes, interruptionCode } from '../errors.ts'
import type { BackupFile, Manifest } from '../model/manifest.ts'

const interrupted = ({ reason }: AbortSignal): AppError =>
  new AppError(`Interrupted by ${reason} while the files of the backup were read.`, {
    exitCode: interruptionCode(reason),
    touched: false,
  })

type CheckOptions = { signal?: AbortSignal | undefined }

const checkFile = async (
  directory: string,
  expected: BackupFile,
  { signal }: CheckOptions,
): Promise<string[]> => {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of createReadStream(join(directory, expected.file), { signal })) {
      hash.update(chunk)
      bytes += chunk.length
    }
  } catch (cause) {
    if (signal?.aborted) throw interrupted(signal)
    return [`${expected.file} cannot be read: ${(cause as Error).message}`]
  }
  if (bytes !== expected.bytes) return [`${expected.file} has ${bytes} bytes instead of ${expected.bytes}`]
  return hash.digest('hex') === expected.sha256 ? [] : [`${expected.file} is damaged: its sha256 differs`]
}

/**
 * Reads these files of a backup whole, and says of each that is not what the manifest says how it differs.
 * @throws AppError (exit 130, 143): interrupted.
 */
export const checkFiles = async (
  directory: string,
  files: readonly BackupFile[],
  options: CheckOptions = {},
): Promise<string[]> => {
  const faults: string[] = []
  for (const file of files) faults.push(...(await checkFile(directory, file, options)))
  return faults
}

type Whole = { directory: string; manifest: Manifest; signal: AbortSignal; others: string }

/** @throws AppError (exit 4) naming every file that is not what was written, (exit 130, 143) interrupted. */
export const requireWhole = async ({ directory, manifest, signal, others }: Whole): Promise<void> => {
  const { globals, databases } = manifest
  const faults = await checkFiles(directory, [globals, ...databases], { signal })
  if (faults.length === 0) return
  throw new AppError(`The backup ${directory} is damaged.`, {
    exitCode: exitCodes.refused,
    details: [...faults],
    hint: others,
  })
}
