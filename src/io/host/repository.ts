import { existsSync, globSync, readdirSync, realpathSync } from 'node:fs'
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
  /** Directories of migrations that are managed, absolute; what is below them, or what they link to, is no stray. */
  sources: readonly string[]
  globs: readonly string[]
}

/** A store, too, may be made of links. */
const realPlaces = (source: string): string[] => {
  if (!existsSync(source)) return []
  const inner = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isSymbolicLink())
  const places = [source, ...inner.map(({ name }) => join(source, name))]
  return places.filter(existsSync).map((place) => realpathSync(place))
}

/** Files elsewhere that look like migrations, absolute and sorted; hidden directories, node_modules and dist are not visited. */
export const findStrays = ({ root, sources, globs }: StrayOptions): string[] => {
  const managed = sources.flatMap(realPlaces)
  const isManaged = (file: string): boolean => {
    const real = realpathSync(file)
    return managed.some((place) => real === place || real.startsWith(place + sep))
  }
  return globSync([...globs], {
    cwd: root,
    withFileTypes: true,
    exclude: ({ name }) => unvisited.has(name) || (name.startsWith('.') && name !== '.'),
  })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => !isManaged(file))
    .sort()
}
