import { type Check, type CheckResult, runChecks } from '../checks/check.ts'
import { cutoverChecks } from '../checks/cutover.ts'
import { embeddedChecks } from '../checks/embedded.ts'
import { environmentChecks, type PasswordFacts } from '../checks/environment.ts'
import type { UnfinishedWork } from '../checks/leftovers.ts'
import { dockerChecks, machineChecks } from '../checks/machine.ts'
import { composeProjectOf, findPassword } from '../config/compose-rules.ts'
import type { Config } from '../config/load.ts'
import { passwordSource } from '../config/password.ts'
import { dbmateImage, managedOn, resolveEnvironment } from '../config/resolve.ts'
import { readServer } from '../config/server.ts'
import { requireState, stateOf } from '../config/state.ts'
import { type ExitCode, exitCodes } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import {
  type GlobalOptions,
  type Program,
  paintFor,
  reportFor,
  type Wire,
  withoutRunFlags,
} from '../frame/options.ts'
import { standingFlags } from '../frame/standing-flags.ts'
import { askComposeVersion, composeEnvironment } from '../io/docker/compose.ts'
import { openDockerHost } from '../io/docker/host.ts'
import type { Engine } from '../io/engine.ts'
import { logindFiles } from '../io/host/logind.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import type { Environment } from '../model/types.ts'
import { checkHosts } from '../remote/doctor.ts'
import { runsHere } from '../remote/place.ts'
import { renderDoctor } from '../report/doctor.ts'
import { writeDocument } from '../report/json.ts'
import { toPaste } from '../report/to-paste.ts'
import { makeHolder } from '../run/make-holder.ts'
import { openEngine } from '../run/open-engine.ts'
import { makeRunId } from '../run/run-id.ts'
import { readFindings, repairOf } from '../run/settle.ts'
import { readDatabases } from '../run/world.ts'
import { verbs } from './verbs.ts'

export type DoctorOptions = GlobalOptions & { environment?: string | undefined; fix: boolean }

export const doctorCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.doctor,
    (args) =>
      withoutRunFlags(args)
        .positional('environment', {
          type: 'string',
          describe: 'Those on this machine when left out, and whether the others answer',
        })
        .option('fix', { type: 'boolean', default: false, describe: 'Create missing networks and volumes' }),
    wire(doctor),
  )

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

type ExamineOptions = {
  config: Config
  options: DoctorOptions
  context: Context
  host: () => ReturnType<typeof openDockerHost>
}

/** What dead runs left in these databases of the environment. */
const readUnfinished = async (
  environment: Environment,
  engine: Engine,
  names: readonly string[],
): Promise<UnfinishedWork> => {
  const { server } = engine
  const databases = environment.databases.filter(({ database }) => names.includes(database))
  const states = await readDatabases({ ...environment, databases }, server)
  const found = await Promise.all(
    states.map(async (state) =>
      (await readFindings(server, state)).map((finding) => ({ database: state.managed.database, finding })),
    ),
  )
  const repairs = found.flat().flatMap(({ database, finding }) => {
    const repair = repairOf(server, database, finding)
    const commands = repair?.commands.map(({ when, command }) => (when ? `${when}: ${command}` : command))
    return repair && commands ? { what: repair.what, repair: commands } : []
  })
  const settled = found.flat().flatMap(({ database, finding }) => {
    if (finding.kind === 'undone')
      return `${database}: the run of ${finding.entry.file} died, and nothing of it stayed.`
    return finding.kind === 'done'
      ? `${database}: the run of ${finding.entry.file} died after it was recorded.`
      : []
  })
  return { repairs, settled }
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

const examine = async (
  name: string,
  { config, options, context, host }: ExamineOptions,
): Promise<CheckResult[]> => {
  const environment = resolveEnvironment(config, name)
  const report = reportFor({ ...options, json: false }, context)
  const engine = once(() =>
    openEngine({ config, environment, run: makeRunId(new Date()), report, knowsFleets: true }, context),
  )
  const checks = checksOf(environment, engine, { config, options, context, host })
  try {
    return await runChecks(checks, { environment: name, fix: options.fix })
  } finally {
    const opened = await engine().catch(() => undefined)
    await opened?.[Symbol.asyncDispose]()
  }
}

const chooseEnvironments = (config: Config, options: DoctorOptions, context: Context): string[] => {
  if (options.environment !== undefined) return [options.environment]
  return Object.keys(config.environments).filter((name) =>
    runsHere(resolveEnvironment(config, name).host, options.here, context),
  )
}

/** Checks this machine and the named environment, or all environments that live here. */
export const doctor = async (options: DoctorOptions, context: Context): Promise<ExitCode> => {
  const config = configOf(options, context)
  const host = once(() => openDockerHost(context.env, shellUntil(context.stop)))
  const names = chooseEnvironments(config, options, context)
  for (const name of names) stateOf(config, resolveEnvironment(config, name).host, context.env)
  const usesDocker = names.some((name) => {
    const { engine } = resolveEnvironment(config, name)
    return engine === 'docker' || engine === 'swarm'
  })
  const machine = [
    ...machineChecks({ configFile: config.file, nodeVersion: context.nodeVersion }),
    ...(usesDocker ? dockerChecks({ host, image: dbmateImage(config) }) : []),
  ]
  const checks = await runChecks(machine, { environment: null, fix: options.fix })
  for (const name of names) checks.push(...(await examine(name, { config, options, context, host })))
  if (options.environment === undefined) checks.push(...(await checkHosts(config, options.here, context)))
  const flags = standingFlags(options, context)
  const document = {
    version: 1 as const,
    checks: checks.map((one) => ({ ...one, ...(one.remedy && { remedy: toPaste(one.remedy, flags) }) })),
  }
  if (options.json) writeDocument(context.stdout, document)
  else context.stdout.write(renderDoctor(document, paintFor(context.stdout, options, context)))
  return checks.some(({ status }) => status === 'failed') ? exitCodes.failed : exitCodes.done
}
