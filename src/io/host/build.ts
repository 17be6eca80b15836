import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of dist/ that say what the bundle was made of. */
export const revisionFile = 'REVISION'
export const sourcesFile = 'SOURCES'
export const seenFile = 'SEEN'

const filesBelow = (root: string, directory: string): string[] =>
  readdirSync(`${root}/${directory}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`
    if (entry.isDirectory()) return filesBelow(root, path)
    return entry.isFile() ? [path] : []
  })

/** Paths below the root: src/ and the lockfile. */
const listSources = (root: string): string[] => [...filesBelow(root, 'src').sort(), 'package-lock.json']

/** One hash over everything that goes into the bundle. */
export const hashSources = (root: string): string => {
  const hash = createHash('sha256')
  for (const file of listSources(root))
    hash
      .update(`${file}\n`)
      .update(readFileSync(join(root, file)))
      .update('\n')
  return hash.digest('hex')
}

/** What the file system says of the same files, as git's index has it: while that stays, nobody has written them. */
export const lookAtSources = (root: string): string => {
  const seen = listSources(root).map((file) => {
    const { ino, size, mtimeMs, ctimeMs } = lstatSync(`${root}/${file}`)
    return `${file}\n${ino}\n${size}\n${mtimeMs}\n${ctimeMs}\n`
  })
  return createHash('sha256').update(seen.join('')).digest('hex')
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
  const built = readText(join(dist, sourcesFile))
  const untouched = built !== '' && readText(join(dist, seenFile)) === lookAtSources(root)
  return { sources: { now: untouched ? built : hashSources(root), built } }
}
