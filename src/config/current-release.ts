import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import { quote } from '../model/quote.ts'
import type { Host } from '../model/types.ts'

/** RELEASES/ENV/releases/COMMIT, where a path leads through one by its own name, and not through ENV/current. */
const releaseAbove = (path: string): string | undefined => {
  for (let at = dirname(path); at !== dirname(at); at = dirname(at))
    if (basename(dirname(at)) === 'releases' && existsSync(join(at, 'REVISION'))) return at
  return undefined
}

const real = (path: string): string | undefined => (existsSync(path) ? realpathSync(path) : undefined)

/**
 * The host whose stack starts from ENV/current: what a container mounts of a release by its own name is gone when the release
 * is cleared away.
 * @throws AppError (exit 4) in a release that is not the current one.
 */
export const throughCurrent = (host: Host): Host => {
  const { stack } = host
  const release = stack && releaseAbove(stack.file)
  if (!release) return host
  const current = join(dirname(dirname(release)), 'current')
  if (real(current) === real(release))
    return { ...host, stack: { ...stack, file: join(current, relative(release, stack.file)) } }
  throw new AppError(
    `${release} is not the current release, and Postgres' container would mount files of it.`,
    {
      exitCode: exitCodes.refused,
      details: ['A later deploy removes it, and the container could not be started again.'],
      hint: existsSync(current)
        ? `cd ${quote(current)}, and the same again`
        : `infrastructure/scripts/release.sh activate ${basename(dirname(current))}, then: cd ${quote(current)}`,
    },
  )
}
