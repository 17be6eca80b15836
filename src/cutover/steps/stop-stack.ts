import { stopDatabase, stopProject } from '../stacks.ts'
import type { CutoverKind } from '../tools.ts'

export type StopStack = { kind: 'stop-stack'; project: string }

/** Whatever of a stack runs; Postgres goes with every session of this run, and its locks. */
export const stopStack: CutoverKind<StopStack> = {
  words: ({ project }) => [project, 'stop'],
  perform: ({ project }, { tools }) =>
    project === tools.host.stack.project ? stopDatabase(tools) : stopProject(tools, project),
}
