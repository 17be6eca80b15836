import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { parseVersion } from '../../model/migration.ts'

const unvisited = new Set(['node_modules', 'dist', 'build', 'vendor', 'target', 'coverage'])
const deepest = 6
const marker = /^--\s*migrate:up/m

export type MigrationDirectory = { path: string; versions: string[]; strangers: boolean }

type Listing = { directories: string[]; files: string[] }

const list = (directory: string): Listing => {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    return {
      directories: entries
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !unvisited.has(entry.name))
        .map(({ name }) => name)
        .sort(),
      files: entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name),
    }
  } catch {
    // Not ours to read.
    return { directories: [], files: [] }
  }
}

const isMarked = (file: string): boolean => {
  try {
    return marker.test(readFileSync(file, 'utf8'))
  } catch {
    return false
  }
}

/** Versions of the files in it, where one has dbmate's marker: other tools number their files too. */
const versionsIn = (directory: string, files: readonly string[]): string[] => {
  const numbered = files.filter((file) => parseVersion(file) !== undefined).sort()
  const [first] = numbered
  return first !== undefined && isMarked(join(directory, first))
    ? numbered.flatMap((file) => parseVersion(file) ?? [])
    : []
}

/** Directories of dbmate's migrations below a project, by path. */
export const findMigrations = (root: string): MigrationDirectory[] => {
  const found: (MigrationDirectory & { parent: string })[] = []
  const siblings = new Map<string, number>()
  const visit = (directory: string, depth: number): void => {
    const { directories, files } = list(directory)
    siblings.set(directory, directories.length)
    const versions = versionsIn(directory, files)
    if (versions.length > 0) {
      const path = relative(root, directory).split(sep).join('/')
      found.push({ path: path || '.', versions, strangers: false, parent: join(directory, '..') })
    }
    if (depth < deepest) for (const name of directories) visit(join(directory, name), depth + 1)
  }
  visit(root, 0)
  return found.map(({ parent, ...one }) => ({
    ...one,
    strangers: siblings.get(parent) !== found.filter((other) => other.parent === parent).length,
  }))
}
