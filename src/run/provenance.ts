import pMap from 'p-map'
import { sourcesOf } from '../config/databases.ts'
import type { Config } from '../config/load.ts'
import type { Engine } from '../io/engine.ts'
import { type Revision, readRevision } from '../io/host/git.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import { fewSessions } from '../model/few-sessions.ts'
import type { Provenance } from '../model/ledger.ts'
import type { Environment } from '../model/types.ts'
import { toolVersion } from '../version.ts'

/** Who is asking: who asked over ssh, GitLab's user in a job, else the one who is logged in. */
export const userOf = ({ env, user }: Context): string =>
  env.PO_MIGRATE_USER || env.GITLAB_USER_LOGIN || env.SUDO_USER || user

export type ProvenanceOptions = { config: Config; environment: Environment; engine: Engine }

/** The store counts as a whole: an edit in any of its directories makes a run dirty. */
const readRevisions = async (
  { config, environment }: ProvenanceOptions,
  { env, stop, cwd }: Context,
): Promise<Revision> => {
  const places = sourcesOf(config, environment.databases)
  const { PATH, HOME } = env
  const revisions = await pMap(
    places.length > 0 ? places : [cwd],
    (place) => readRevision(place, { PATH, HOME }, shellUntil(stop)),
    { concurrency: fewSessions },
  )
  const [first] = revisions
  return { commit: first?.commit ?? null, dirty: mostDirty(revisions) }
}

const mostDirty = (revisions: readonly Revision[]): boolean | null => {
  if (revisions.some(({ dirty }) => dirty)) return true
  return revisions.some(({ dirty }) => dirty === null) ? null : false
}

/** What the ledger says of a run beside its files. */
export const readProvenance = async (options: ProvenanceOptions, context: Context): Promise<Provenance> => {
  const { config, engine } = options
  const [revision, image, dbmate = config.dbmate.image] = await Promise.all([
    readRevisions(options, context),
    engine.imageId(),
    engine.dbmateVersion?.(),
  ])
  return {
    actor: `${userOf(context)}@${context.hostname}`,
    ...(context.env.CI_JOB_URL && { job: context.env.CI_JOB_URL }),
    ...revision,
    tool: toolVersion(),
    dbmate,
    image,
  }
}
