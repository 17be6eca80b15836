import type { ExitCode } from '../errors.ts'
import {
  databaseOption,
  exitCodeOption,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
  withoutRunFlags,
} from '../frame/options.ts'
import type { Context } from '../model/context.ts'
import type { DatabaseState } from '../model/types.ts'
import { statusDocument } from '../report/documents.ts'
import { writeDocument } from '../report/json.ts'
import { renderStatus } from '../report/status.ts'
import { describeDatabase, environmentsArgument, exitOf, readEnvironments } from './read-environments.ts'
import { verbs } from './verbs.ts'

export type StatusOptions = GlobalOptions & {
  environments: readonly string[]
  db: readonly string[]
  exitCode: boolean
  all: boolean
}

export const statusCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.status,
    (args) =>
      exitCodeOption(databaseOption(environmentsArgument(withoutRunFlags(args)))).option('all', {
        type: 'boolean',
        default: false,
        describe: 'Every database of a fleet, not how many stand where',
      }),
    wire(status),
  )

const reading = {
  verb: 'status',
  parse: (document: unknown) => statusDocument.parse(document),
  describe: async (state: DatabaseState) => describeDatabase(state),
}

/** The state of every migration in every database of the named environments, or of all. */
export const status = async (options: StatusOptions, context: Context): Promise<ExitCode> => {
  const entries = await readEnvironments(options, reading, context)
  const document = { version: 1 as const, environments: entries.map((entry) => entry.document) }
  if (options.json) writeDocument(context.stdout, document)
  else context.stdout.write(renderStatus(document, paintFor(context.stdout, options, context), options))
  return exitOf(entries, options.exitCode)
}
