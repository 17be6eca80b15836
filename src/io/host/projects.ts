import { readdirSync } from 'node:fs'
import { projectName, reservedNames, type State } from '../../model/state.ts'

/** Other projects that have a directory in the same state directory. @throws the error of the file system where that cannot be told. */
export const otherProjects = ({ root, own }: State): string[] => {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .filter((name) => projectName.test(name) && !reservedNames.has(name) && !own.includes(name))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
