import { existsSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import type { Manifest } from '../model/manifest.ts'
import { quote } from '../model/quote.ts'
import { manifestSchema } from './manifest-schema.ts'

const manifestFile = 'manifest.json'

/** Written last, and on the disk before it returns. */
export const writeManifest = async (directory: string, manifest: Manifest): Promise<void> => {
  const path = join(directory, manifestFile)
  try {
    const handle = await open(path, 'wx', 0o640)
    try {
      await handle.chmod(0o640)
      await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw new AppError(`${path} cannot be written: ${(cause as Error).message}.`, {
      exitCode: exitCodes.failed,
      cause,
    })
  }
}

/** Whether a backup is still there. */
export const hasManifest = (directory: string): boolean => existsSync(join(directory, manifestFile))

type NotABackup = { why: string; hint: string; cause?: unknown }

const notABackup = (directory: string, { why, hint, cause }: NotABackup): AppError =>
  new AppError(`${directory} is not a backup: ${why}.`, {
    exitCode: exitCodes.usage,
    hint,
    cause,
  })

/** @throws AppError (exit 2) when there is none, or it is none of ours; `hint` is the command that lists others. */
export const readManifest = (directory: string, hint = `ls ${quote(dirname(directory))}`): Manifest => {
  const read = (): unknown => {
    try {
      return JSON.parse(readFileSync(join(directory, manifestFile), 'utf8'))
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      if (!existsSync(directory))
        throw new AppError(`There is no backup ${directory}.`, {
          ...{ exitCode: exitCodes.usage, hint, cause },
          details: ['The oldest backups go when new ones are made (retain.backups).'],
        })
      const why = code === 'ENOENT' ? `it has no ${manifestFile}` : message
      throw notABackup(directory, { why, hint, cause })
    }
  }
  const parsed = manifestSchema.safeParse(read())
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw notABackup(directory, {
    why: `${manifestFile}: ${issue?.path.join('.')}: ${issue?.message}`,
    hint,
  })
}

/** Nothing where there is none that can be read. */
export const findManifest = (directory: string): Manifest | undefined => {
  try {
    return readManifest(directory)
  } catch {
    return undefined
  }
}
