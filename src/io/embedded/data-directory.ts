import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ownDirectories, type State } from '../../model/state.ts'
import type { Environment } from '../../model/types.ts'

/** Where an environment's data lie: where the config got its `project:` later, under the id of its path. */
export const dataDirectory = (state: State, { name }: Pick<Environment, 'name'>): string => {
  const places = ownDirectories(state).map((directory) => join(directory, 'embedded', name))
  return places.find(existsSync) ?? join(state.directory, 'embedded', name)
}
