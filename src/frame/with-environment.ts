import type { Config } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import type { Engine } from '../io/engine.ts'
import type { Context } from '../model/context.ts'
import type { Environment } from '../model/types.ts'
import type { Report } from '../report/report.ts'
import { openEnvironment } from '../run/open-environment.ts'
import { makeRunId } from '../run/run-id.ts'
import { configOf } from './config-of.ts'
import { type GlobalOptions, reportFor } from './options.ts'

export type OpenedEnvironment = {
  config: Config
  environment: Environment
  engine: Engine
  report: Report
  /** Run id. */
  run: string
}

export type EnvironmentOptions = GlobalOptions & { environment: string; db?: readonly string[] }

/** The frame of verbs that read one environment: config, engine; the engine closes when the body is done. */
export const withEnvironment = async <T>(
  options: EnvironmentOptions,
  context: Context,
  body: (opened: OpenedEnvironment) => Promise<T>,
): Promise<T> => {
  const config = configOf(options, context)
  const resolved = resolveEnvironment(config, options.environment, options.db)
  // A document goes to stdout alone: narration is text on stderr here, also under --json.
  const report = reportFor({ ...options, json: false }, context)
  const run = makeRunId(new Date())
  await using opened = await openEnvironment({ config, environment: resolved, run, report }, context)
  const { engine, environment } = opened
  return await body({ config, environment, engine, report, run })
}
