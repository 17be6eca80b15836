import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../config/load.ts'
import { passwordSource, readPassword } from '../config/password.ts'
import { stateOf } from '../config/state.ts'
import { composeEnvironment } from '../io/compose.ts'
import { openDockerEngine } from '../io/docker-engine.ts'
import { openDockerHost } from '../io/docker-host.ts'
import { openEmbeddedEngine } from '../io/embedded/engine.ts'
import type { Engine } from '../io/engine.ts'
import { shellUntil } from '../io/shell.ts'
import type { Context } from '../model/context.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import type { Report } from '../report/report.ts'

export type OpenOptions = { config: Config; environment: Environment; run: string; report: Report }

/** Data of a release that knew no projects: any of them may have made it, so it is neither used nor removed. */
const tellOldData = ({ root, directory }: State, { name }: Environment, report: Report): void => {
  const [old, own] = [join(root, 'embedded', name), join(directory, 'embedded', name)]
  if (existsSync(old) && !existsSync(own))
    report.note(
      `${old} is of an older release and stays as it is; if it is this project's: mkdir -p ${dirname(own)} && mv ${old} ${own}`,
    )
}

/** The engine that the environment's config asks for, connected. */
export const openEngine = async (
  { config, environment, run, report }: OpenOptions,
  context: Context,
): Promise<Engine> => {
  const state = stateOf(config, environment.host, context.env)
  let told = false
  const tellOnce = (what: string, seconds: number): void => {
    if (!told) report.note(`${what}; waiting for it, at most ${seconds} s`)
    told = true
  }
  if (environment.engine === 'embedded') {
    tellOldData(state, environment, report)
    return openEmbeddedEngine({
      environment,
      state,
      run,
      shell: shellUntil(context.stop),
      onWait: (seconds) => tellOnce(`Another run has the data of ${environment.name} open`, seconds),
    })
  }
  const source = passwordSource(config, environment.name)
  const password = readPassword(source, composeEnvironment(context.env, config.compose.pass_env))
  const { image, digest } = config.dbmate
  return openDockerEngine(await openDockerHost(context.env, shellUntil(context.stop)), {
    environment,
    credentials: { user: environment.user, password },
    image: digest ? `${image}@${digest}` : image,
    run,
    passwordHint: `docker exec -it CONTAINER psql -U ${environment.user} -c '\\password', or correct ${source.key} in ${source.files.at(-1)?.path}`,
    onWait: (seconds) => tellOnce('Postgres is not up yet', seconds),
  })
}
