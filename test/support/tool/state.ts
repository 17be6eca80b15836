import { join } from 'node:path'
import type { State } from '../../../src/model/state.ts'

/** The state of a project, as the tests' configs name it, below a directory. */
export const stateAt = (root: string, project = 'shop'): State => ({
  root,
  project,
  directory: join(root, project),
  own: [project],
})
