import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of dist/ that say what the bundle was made of. */
export const revisionFile = 'REVISION'
export const sourcesFile = 'SOURCES'

/** One hash over everything that goes into the bundle: src/ and the lockfile. */
export const hashSources = (root: string): string => {
  const src = join(root, 'src')
  const files = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
    .sort()
  const hash = createHash('sha256')
  for (const file of [...files, 'package-lock.json'])
    hash
      .update(`${file}\n`)
      .update(readFileSync(join(root, file)))
      .update('\n')
  return hash.digest('hex')
}

export type BuildReading = {
  /** What a release says it is, and what its bundle says it was built from. */
  release?: { revision: string; bundle: string }
  /** In a checkout: the sources as they are, and as they were built. */
  sources?: { now: string; built: string }
}

const readText = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8').trim() : '')

/** What stands beside a bundle; an npm package has neither a release's REVISION nor sources. */
export const readBuild = (root: string): BuildReading => {
  const dist = join(root, 'dist')
  if (existsSync(join(root, revisionFile)))
    return {
      release: { revision: readText(join(root, revisionFile)), bundle: readText(join(dist, revisionFile)) },
    }
  if (!existsSync(join(root, 'src')) || !existsSync(join(root, 'package-lock.json'))) return {}
  return { sources: { now: hashSources(root), built: readText(join(dist, sourcesFile)) } }
}
