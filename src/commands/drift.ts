import type { ExitCode } from '../errors.ts'
import {
  databaseOption,
  environmentArgument,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
  withoutRunFlags,
} from '../frame/options.ts'
import { withEnvironment } from '../frame/with-environment.ts'
import { requireShared } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import { groupDrift } from '../report/group-drift.ts'
import { writeDocument } from '../report/json.ts'
import { openPresence } from '../run/presence.ts'
import { requireDocker } from '../run/require-docker.ts'
import { readDatabases } from '../run/world.ts'
import { loadDelta, writeSql } from '../schema/bring-back.ts'
import { driftAll, exitOfDrift } from '../schema/drift-all.ts'
import { renderDrift } from '../schema/drift-report.ts'
import { openBench, openLive, unlessInterrupted } from '../schema/open-bench.ts'
import { verbs } from './verbs.ts'

export type DriftOptions = GlobalOptions & { environment: string; db: readonly string[]; sql: boolean }

export const driftCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.drift,
    (args) =>
      withoutRunFlags(databaseOption(environmentArgument(args)))
        .option('sql', {
          type: 'boolean',
          default: false,
          describe: 'Write the statements that would bring it back; nobody runs them',
        })
        .example('$0 drift prod', '3: differences, object by object')
        .example('$0 drift qual --db calendar --json', 'one database, as a document'),
    wire(drift),
  )

/** Every managed database of an environment, or the named ones, against new ones made from the files applied there. */
export const drift = (options: DriftOptions, context: Context): Promise<ExitCode> =>
  withEnvironment(options, context, async ({ config, environment, engine, report, run }) => {
    requireDocker(environment, 'drift')
    const shared = requireShared(engine)
    const delta = options.sql ? await loadDelta() : undefined
    await using _presence = await openPresence(shared)
    const databases = await readDatabases(environment, engine.server)
    const told = await unlessInterrupted(context, async () => {
      await using bench = await openBench(
        { config, environment, engine: shared, run, report, databases },
        context,
      )
      const live = await openLive(shared, { id: run, report })
      const sql = delta && ((schemas: Parameters<typeof writeSql>[1]) => writeSql(bench, schemas, delta))
      const request = { bench, live, environment, signal: context.interrupt, sql }
      return await driftAll(databases, request, report)
    })
    report.close()
    const document = groupDrift(
      environment.name,
      told.map(({ entry }) => entry),
    )
    if (options.json) writeDocument(context.stdout, document)
    else context.stdout.write(renderDrift(document, paintFor(context.stdout, options, context)))
    return exitOfDrift(told)
  })
