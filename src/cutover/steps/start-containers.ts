import { startContainers as startAll } from '../../io/docker/stack.ts'
import { findKept } from '../stacks.ts'
import type { CutoverKind } from '../tools.ts'

export type StartContainers = { kind: 'start-containers'; project: string }

/** The same containers as before, by id. */
export const startContainers: CutoverKind<StartContainers> = {
  words: ({ project }) => [project, 'start the same containers'],
  perform: async ({ project }, { tools }) => {
    const { there, gone } = await findKept(tools, project)
    if (gone.length > 0)
      tools.report.note(`${gone.map(({ name }) => name).join(', ')} removed since; deploy them again`)
    await startAll(
      tools.docker.client,
      there.map(({ id }) => id),
    )
    return undefined
  },
}
