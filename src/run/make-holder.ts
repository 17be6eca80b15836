import type { Config } from '../config/load.ts'
import { stateOf } from '../config/state.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import type { Host } from '../model/types.ts'
import { userOf } from './provenance.ts'

export type RunIdentity = {
  run: string
  /** As typed. */
  command: string
  verb: string
  /** The environment or the host that it is about. */
  target: string
  config: Config
  host: Host
}

/** Who this run is, for whoever has to wait for it. */
export const makeHolder = (
  { run, command, verb, target, config, host }: RunIdentity,
  context: Context,
): Holder => ({
  run,
  verb,
  target,
  project: stateOf(config, host, context.env).project,
  ...(host.volume && { volume: host.volume }),
  user: userOf(context),
  host: context.hostname,
  pid: context.pid,
  ...(context.env.CI_JOB_URL && { job: context.env.CI_JOB_URL }),
  command,
  since: new Date().toISOString(),
})
