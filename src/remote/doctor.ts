import { type CheckResult, runChecks } from '../checks/check.ts'
import type { Config } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { AppError, exitCodes } from '../errors.ts'
import type { Context } from '../model/context.ts'
import type { Environment } from '../model/types.ts'
import { runRemote } from './call.ts'
import { runsHere } from './place.ts'

/** Asks the tool there for nothing but its first line. */
const greet = async ({ name, host }: Environment, context: Context): Promise<string> => {
  const heard: string[] = []
  const quiet = { write: () => {} }
  const stderr = { write: (text: string) => heard.push(text) }
  const call = { host, environment: name, args: ['--version'], control: 'stdin' as const }
  const exit = await runRemote(
    { ...call, changes: false, quiet: false, commit: null },
    { ...context, stdout: quiet, stderr },
  )
  const words = heard.join('').trim()
  if (exit !== exitCodes.done) throw new AppError(words || `it answered ${exit}`, { exitCode: exit })
  return words
}

/** Environments on other machines: whether their host answers, and what would run there. Not reaching one is no fault of this machine. */
export const checkHosts = async (config: Config, here: boolean, context: Context): Promise<CheckResult[]> => {
  const away = Object.keys(config.environments)
    .map((name) => resolveEnvironment(config, name))
    .filter(({ host }) => !runsHere(host, here, context))
  const results = await Promise.all(
    away.map((environment) => {
      const run = async () => {
        try {
          return await greet(environment, context)
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          return { warning: error.message, remedy: error.hint ?? `po-migrate doctor ${environment.name}` }
        }
      }
      const title = `ssh to ${environment.host.name}`
      return runChecks([{ title, run }], { environment: environment.name, fix: false })
    }),
  )
  return results.flat()
}
