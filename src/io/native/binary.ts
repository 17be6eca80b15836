import { createHash } from 'node:crypto'
import { accessSync, constants, createReadStream, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { usageError } from '../../errors.ts'
import { quote } from '../../model/quote.ts'
import type { Shell } from '../host/shell.ts'

export type BinaryOptions = {
  /** `dbmate.binary` of the config, absolute; left out: the first `dbmate` of `path`. */
  binary?: string | undefined
  path: string | undefined
  /** dbmate's image as the config has it: its tag is the version that is pinned. */
  image: string
  shell: Shell
}

export type Binary = { file: string; version: string }

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

const install = 'npm install --save-exact dbmate'

const find = ({ binary, path = '' }: BinaryOptions): string => {
  const places = binary
    ? [binary]
    : path.split(delimiter).flatMap((directory) => (directory ? join(directory, 'dbmate') : []))
  const file = places.find(isExecutable)
  if (file) return file
  throw usageError(
    binary
      ? `dbmate.binary is no program that can be run: ${binary}.`
      : 'No dbmate is on the PATH, and the config has no dbmate.binary.',
    binary ? `ls -l ${quote(binary)}` : `${install}, and dbmate: { binary: FILE } in the config`,
    ['The native engine runs dbmate as a process of this machine.'],
  )
}

const tagOf = /:v?(\d+\.\d+\.\d+)(?:@|$)/
const versionOf = /(\d+\.\d+\.\d+)/

/**
 * dbmate's binary, of the version that the config pins by its image's tag: what runs here ran elsewhere as an image.
 * @throws AppError (exit 2) where there is none, it does not run, or it is of another version.
 */
export const findBinary = async (options: BinaryOptions): Promise<Binary> => {
  const file = find(options)
  const { exitCode, stdout, stderr } = await options.shell(file, ['--version'], {
    env: { PATH: options.path },
  })
  const [, version] = versionOf.exec(stdout) ?? []
  if (exitCode !== 0 || version === undefined)
    throw usageError(
      `${file} does not tell its version: ${(stderr || stdout).trim() || `exit code ${exitCode}`}.`,
      `${quote(file)} --version`,
    )
  const [, pinned = version] = tagOf.exec(options.image) ?? []
  if (pinned === version) return { file, version }
  throw usageError(
    `${file} is dbmate ${version}, and the config pins ${pinned} (dbmate.image).`,
    `${install}@${pinned}, or dbmate: { image: amacneil/dbmate:${version} } in the config`,
  )
}

/** For the ledger, as an image's id is. */
export const digestOf = async (file: string): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return `sha256:${hash.digest('hex')}`
}
