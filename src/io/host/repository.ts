import { existsSync, globSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'

/** The git repository that a directory is in, if any. */
export const findRepository = (directory: string): string | undefined => {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (at === dirname(at)) return undefined
  }
}

const unvisited = new Set(['node_modules', 'dist'])

export type StrayOptions = {
  /** Where the globs start, absolute. */
  root: string
  /** The migration store, absolute; what is below it is no stray. */
  store: string
  globs: readonly string[]
}

/** Files outside the store that look like migrations, absolute and sorted; hidden directories, node_modules and dist are not visited. */
export const findStrays = ({ root, store, globs }: StrayOptions): string[] =>
  globSync([...globs], {
    cwd: root,
    withFileTypes: true,
    exclude: ({ name }) => unvisited.has(name) || (name.startsWith('.') && name !== '.'),
  })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => !file.startsWith(store + sep))
    .sort()
