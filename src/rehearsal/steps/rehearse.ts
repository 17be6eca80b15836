import type { Kind } from '../../model/kind.ts'
import type { Rehearsing } from '../../model/types.ts'
import type { RehearsalTools } from '../rehearse.ts'

export type Rehearse = { kind: 'rehearse'; rehearse: Exclude<Rehearsing, 'off'> }

const what = { schema: 'the schemas', data: 'the databases, with their data' }

/** The files are applied to copies on a scratch server, before anything real is touched. */
export const rehearse: Kind<Rehearse, RehearsalTools> = {
  words: (step) => ['rehearsal', `on a scratch server, on copies of ${what[step.rehearse]}`],
  line: (step) => `rehearse on copies of ${what[step.rehearse]}`,
  // Loaded when there is something to rehearse: most runs find nothing to do.
  perform: async (step, tools) => (await import('../rehearse.ts')).rehearse(step.rehearse, tools),
  leavesNothing: true,
}
