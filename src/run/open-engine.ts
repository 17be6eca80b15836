import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { composeProjectOf, findPassword } from '../config/compose-rules.ts'
import type { Config } from '../config/load.ts'
import { passwordSource } from '../config/password.ts'
import { dbmateBinary, dbmateImage } from '../config/resolve.ts'
import { readServer } from '../config/server.ts'
import { cacheDirectory, stateOf } from '../config/state.ts'
import { AppError } from '../errors.ts'
import { askComposeVersion, composeEnvironment } from '../io/docker/compose.ts'
import { type DockerHost, openDockerHost } from '../io/docker/host.ts'
import { dataDirectory } from '../io/embedded/data-directory.ts'
import type { Engine } from '../io/engine.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Waiting } from '../io/postgres/server-options.ts'
import type { Context } from '../model/context.ts'
import { quote } from '../model/quote.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import type { Report } from '../report/report.ts'
import { awaitFreeVolumes } from './guard.ts'
import { readHalfWay, tellHalfWay } from './half-way.ts'
import { refuseFleets } from './refuse-fleets.ts'

export type OpenOptions = {
  config: Config
  environment: Environment
  run: string
  report: Report
  /** Of a run that writes: it waits so many seconds for one that acts on the volume. */
  lockWait?: number
  /** Of a cutover, which knows how it stands. */
  holdsVolume?: boolean
  /** Of who asks the server for the databases of its fleets, or has no use for them; who does not is refused where there are any. */
  knowsFleets?: boolean
}

/** Data of a release that knew no projects: any of them may have made it, so it is neither used nor removed. */
const tellOldData = (state: State, environment: Environment, report: Report): void => {
  const own = dataDirectory(state, environment)
  const old = join(state.root, 'embedded', environment.name)
  if (existsSync(old) && !existsSync(own))
    report.note(
      `${old} is of an older release and stays as it is; if it is this project's: mkdir -p ${dirname(own)} && mv ${old} ${own}`,
    )
}

/** Why there is no Docker, for whoever may do without. */
const asReason = (error: unknown): AppError => {
  if (error instanceof AppError) return error
  throw error
}

/** Where dbmate's program is looked for, and where its files go. */
const beside = (config: Config, { env, stop }: Context) => ({
  temporary: env.TMPDIR || tmpdir(),
  dbmate: {
    binary: dbmateBinary(config),
    path: env.PATH,
    image: config.dbmate.image,
    shell: shellUntil(stop),
  },
})

/** The engine that the environment's config asks for, connected. */
export const openEngine = async (options: OpenOptions, context: Context): Promise<Engine> => {
  const { config, environment, run, report, lockWait, holdsVolume, knowsFleets } = options
  if (!knowsFleets) refuseFleets(environment)
  const state = stateOf(config, environment.host, context.env)
  let told = false
  const tellOnce = (what: string, seconds: number): void => {
    if (!told) report.note(`${what}; waiting for it, at most ${seconds} s`)
    told = true
  }
  if (environment.engine === 'embedded') {
    tellOldData(state, environment, report)
    const { openEmbeddedEngine } = await import('../io/embedded/engine.ts')
    return openEmbeddedEngine({
      environment,
      state,
      run,
      shell: shellUntil(context.stop),
      onWait: (seconds) => tellOnce(`Another run has the data of ${environment.name} open`, seconds),
    })
  }
  const composed = composeEnvironment(context.env, config.compose.pass_env)
  const common = {
    environment,
    project: state.project,
    projects: state.own,
    image: dbmateImage(config),
    run,
    connections: config.connections,
    onWait: (seconds: number, why: Waiting) =>
      tellOnce(why === 'start' ? 'Postgres is not up yet' : 'Postgres has no free session', seconds),
    memory: cacheDirectory(context.env),
    note: (text: string) => report.note(text),
  }
  const open = (): Promise<DockerHost> => openDockerHost(context.env, shellUntil(context.stop))
  const known = readServer(config, environment.name, { env: context.env, composed })
  if (known) {
    const { address, credentials, source } = known
    const passwordHint = `correct the password in ${source}`
    if (environment.engine === 'native') {
      const { openNativeEngine } = await import('../io/native/engine.ts')
      return openNativeEngine({ ...common, ...beside(config, context), address, credentials, passwordHint })
    }
    if (environment.engine === 'swarm') {
      const { openSwarmEngine } = await import('../io/swarm/engine.ts')
      return openSwarmEngine(await open(), { ...common, address, credentials, passwordHint })
    }
    const docker = lockWait === undefined ? await open().catch(asReason) : await open()
    const { openServerEngine } = await import('../io/server-engine.ts')
    return openServerEngine(docker, { ...common, address, credentials, passwordHint })
  }
  const source = passwordSource(config, environment.name)
  const password = await findPassword(source, composeProjectOf(config, environment.name, source), {
    shell: composed,
    composeVersion: () => askComposeVersion(context.env, shellUntil(context.stop)),
  })
  const host = await open()
  const given = {
    ...common,
    credentials: { user: environment.user, password },
    passwordHint: `docker exec -it CONTAINER psql -X -U ${quote(environment.user)} -p ${environment.port} -d ${quote(environment.maintenance)} -c '\\password', or correct ${source.key} in ${source.files.at(-1)?.path}`,
  }
  if (environment.engine === 'swarm') {
    const { openSwarmEngine } = await import('../io/swarm/engine.ts')
    return openSwarmEngine(host, given)
  }
  const { volume } = environment.host
  if (lockWait !== undefined && volume)
    await awaitFreeVolumes(host.client, { volumes: [volume], lockWait, report }, context)
  const halfWay = holdsVolume ? undefined : readHalfWay(config, environment.host, context)
  const { openDockerEngine } = await import('../io/docker-engine.ts')
  return tellHalfWay(halfWay, report, () => openDockerEngine(host, given))
}
