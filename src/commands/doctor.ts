import { runChecks } from '../checks/check.ts'
import { dockerChecks, machineChecks } from '../checks/machine.ts'
import type { Config } from '../config/load.ts'
import { dbmateImage, resolveEnvironment } from '../config/resolve.ts'
import { stateOf } from '../config/state.ts'
import { type ExitCode, exitCodes } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import { type GlobalOptions, type Program, paintFor, type Wire, withoutRunFlags } from '../frame/options.ts'
import { standingFlags } from '../frame/standing-flags.ts'
import { openDockerHost } from '../io/docker/host.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import { checkHosts } from '../remote/doctor.ts'
import { runsHere } from '../remote/place.ts'
import { renderDoctor } from '../report/doctor.ts'
import { writeDocument } from '../report/json.ts'
import { toPaste } from '../report/to-paste.ts'
import { examine } from './examine-environment.ts'
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

const chooseEnvironments = (config: Config, options: DoctorOptions, context: Context): string[] => {
  if (options.environment !== undefined) return [options.environment]
  return Object.keys(config.environments).filter((name) =>
    runsHere(resolveEnvironment(config, name).host, options.here, context),
  )
}

/** Checks this machine and the named environment, or all environments that live here. */
export const doctor = async (options: DoctorOptions, context: Context): Promise<ExitCode> => {
  const config = configOf(options, context)
  let opened: ReturnType<typeof openDockerHost> | undefined
  const host = (): ReturnType<typeof openDockerHost> => {
    opened ??= openDockerHost(context.env, shellUntil(context.stop))
    return opened
  }
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
