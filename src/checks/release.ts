import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Check, fail, type Warning } from './check.ts'

const findRoot = (directory: string): string | undefined => {
  for (let at = realpathSync(directory); ; at = dirname(at)) {
    if (existsSync(join(at, 'REVISION'))) return at
    if (at === dirname(at)) return undefined
  }
}

const readLink = (path: string): string | undefined => {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** RELEASES/ENV/releases/COMMIT beside RELEASES/ENV/current and RELEASES/shared, as release.sh lays them out. */
const describe = (root: string): string | Warning => {
  const environment = dirname(dirname(root))
  const shared = readLink(join(root, 'infrastructure/compose/.env.shared'))
  if (shared !== undefined && !existsSync(shared))
    throw fail(
      `${shared} is missing`,
      `install -m 0600 .env.shared.example ${shared}, and set the password in it`,
    )
  const revision = readFileSync(join(root, 'REVISION'), 'utf8').trim()
  const parts = [revision, root, ...(shared ? [`shared ${dirname(shared)}`] : [])]
  const current = readLink(join(environment, 'current'))
  if (current === undefined) return parts.join(' · ')
  if (basename(current) === basename(root)) return [...parts, 'current'].join(' · ')
  return {
    warning: [...parts, `current is ${basename(current)}`].join(' · '),
    remedy: `cd ${join(environment, 'current')}`,
  }
}

/** Which release this is, and whether it is the current one; in a checkout there is nothing to say. */
export const releaseChecks = (directory: string): Check[] => {
  const root = findRoot(directory)
  return root === undefined ? [] : [{ title: 'release', run: () => describe(root) }]
}
