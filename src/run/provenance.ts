import { dirname } from 'node:path'
import type { Engine } from '../io/engine.ts'
import { readRevision } from '../io/host/git.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import type { Provenance } from '../model/ledger.ts'
import type { Environment } from '../model/types.ts'
import { toolVersion } from '../version.ts'

/** Who is asking: who asked over ssh, GitLab's user in a job, else the one who is logged in. */
export const userOf = ({ env, user }: Context): string =>
  env.PO_MIGRATE_USER || env.GITLAB_USER_LOGIN || env.SUDO_USER || user

export type ProvenanceOptions = { environment: Environment; engine: Engine; image: string }

/** What the ledger says of a run beside its files. */
export const readProvenance = async (
  { environment, engine, image }: ProvenanceOptions,
  context: Context,
): Promise<Provenance> => {
  const [first] = environment.databases
  // The store as a whole: an edit in any of its directories makes a run dirty.
  const directory = first ? dirname(first.directory) : context.cwd
  const [revision, id] = await Promise.all([
    readRevision(directory, { PATH: context.env.PATH, HOME: context.env.HOME }, shellUntil(context.stop)),
    engine.imageId(),
  ])
  return {
    actor: `${userOf(context)}@${context.hostname}`,
    ...(context.env.CI_JOB_URL && { job: context.env.CI_JOB_URL }),
    ...revision,
    tool: toolVersion(),
    dbmate: image,
    image: id,
  }
}
