import { type Check, type CheckResult, runChecks } from '../checks/check.ts'
import { cutoverChecks } from '../checks/cutover.ts'
import { embeddedChecks } from '../checks/embedded.ts'
import { environmentChecks, type PasswordFacts } from '../checks/environment.ts'
import { composeProjectOf, findPassword } from '../config/compose-rules.ts'
import type { Config } from '../config/load.ts'
import { passwordSource } from '../config/password.ts'
import { managedOn, resolveEnvironment } from '../config/resolve.ts'
import { readServer } from '../config/server.ts'
import { requireState, stateOf } from '../config/state.ts'
import { type GlobalOptions, reportFor } from '../frame/options.ts'
import { askComposeVersion, composeEnvironment } from '../io/docker/compose.ts'
import type { openDockerHost } from '../io/docker/host.ts'
import type { Engine } from '../io/engine.ts'
import { logindFiles } from '../io/host/logind.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import type { Environment } from '../model/types.ts'
import { makeHolder } from '../run/make-holder.ts'
import { once } from '../run/once.ts'
import { openEngine } from '../run/open-engine.ts'
import { makeRunId } from '../run/run-id.ts'
import { readUnfinished } from './read-unfinished.ts'

export type ExamineOptions = {
  config: Config
  options: GlobalOptions & { fix: boolean }
  context: Context
  host: () => ReturnType<typeof openDockerHost>
}

/** What the environment's engine relies on. */
const checksOf = (
  environment: Environment,
  engine: () => Promise<Engine>,
  { config, context, host }: ExamineOptions,
): Check[] => {
  if (environment.engine === 'embedded')
    return embeddedChecks({
      environment,
      engine,
      state: stateOf(config, environment.host, context.env),
      shell: shellUntil(context.stop),
    })
  const { env } = context
  const composed = composeEnvironment(env, config.compose.pass_env)
  const secret = async (): Promise<PasswordFacts> => {
    const server = readServer(config, environment.name, { env, composed })
    if (server) return { where: server.source, files: server.files }
    const source = passwordSource(config, environment.name)
    await findPassword(source, composeProjectOf(config, environment.name, source), {
      shell: composed,
      composeVersion: () => askComposeVersion(env, shellUntil(context.stop)),
    })
    return { where: `${source.key} in ${source.files.map(({ path }) => path).join(', ')}`, ...source }
  }
  const shared = environment.host.shared === true
  const holder = makeHolder(
    {
      ...{ run: makeRunId(new Date()), command: `po-migrate doctor ${environment.name}` },
      ...{ verb: 'doctor', target: environment.name, config, host: environment.host },
    },
    context,
  )
  const stateHere = () => requireState(config, environment.host, context.env)
  const cutovers = cutoverChecks({
    host: environment.host,
    docker: host,
    requireState: stateHere,
    logind: logindFiles(),
  })
  const checks = environmentChecks({
    environment,
    host,
    engine,
    secret,
    state: {
      requireState: stateHere,
      stateOf: () => stateOf(config, environment.host, context.env),
      holder,
      path: context.env.PATH,
      shared,
    },
    passEnv: config.compose.pass_env,
    backups: {
      environment,
      engine,
      requireState: stateHere,
      shared,
      neighbours: managedOn(config, environment.host.name),
    },
    leftovers: {
      environment,
      engine,
      readUnfinished: async (free) => readUnfinished(environment, await engine(), free),
    },
  })
  return environment.server === undefined && environment.engine === 'docker'
    ? [...checks, ...cutovers]
    : checks
}

/** Everything that is checked of one environment, with an engine that is opened for it. */
export const examine = async (
  name: string,
  { config, options, context, host }: ExamineOptions,
): Promise<CheckResult[]> => {
  const environment = resolveEnvironment(config, name)
  const report = reportFor({ ...options, json: false }, context)
  await using engine = once(() =>
    openEngine({ config, environment, run: makeRunId(new Date()), report, knowsFleets: true }, context),
  )
  const checks = checksOf(environment, engine.open, { config, options, context, host })
  return await runChecks(checks, { environment: name, fix: options.fix })
}
