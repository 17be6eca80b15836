import { join } from 'node:path'
import { resolveDatabases } from '../config/databases.ts'
import type { Config } from '../config/load.ts'
import { type ExitCode, usageError } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import {
  databaseOption,
  type GlobalOptions,
  lastOf,
  type Program,
  paintFor,
  type Wire,
} from '../frame/options.ts'
import { type Run, withRun } from '../frame/run.ts'
import { readMigrations } from '../io/dbmate/files.ts'
import { readDefaultBranch } from '../io/host/default-branch.ts'
import { findRepository } from '../io/host/repository.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import { toCodeQuality } from '../report/code-quality.ts'
import { writeDocument } from '../report/json.ts'
import { nothingDone, type RunResult } from '../run/run-result.ts'
import { openEmbeddedBench } from '../schema/embedded-bench.ts'
import { unlessInterrupted } from '../schema/open-bench.ts'
import { openVerifyBench } from '../schema/open-verify-bench.ts'
import { requireFit } from '../schema/plan/adopt.ts'
import { planVerify, type VerifiedStore } from '../schema/plan/verify.ts'
import { problemsOf, renderVerified } from '../schema/verify-report.ts'
import { concludeVerify, verifyAll } from '../schema/verify-run.ts'
import { choices, verbs } from './verbs.ts'

export type VerifyOptions = GlobalOptions & {
  db: readonly string[]
  onlyNew: boolean
  image?: string | undefined
  engine?: 'docker' | 'embedded' | undefined
  format: 'text' | 'codequality'
}

export const verifyCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.verify,
    (args) =>
      databaseOption(args)
        .hide('confirm')
        .hide('lock-wait')
        .option('only-new', {
          type: 'boolean',
          default: false,
          describe: 'Only files that the default branch does not have',
        })
        .option('image', {
          type: 'string',
          requiresArg: true,
          coerce: lastOf,
          describe: "Image of the server (default: an environment's)",
        })
        .option('engine', {
          choices: ['docker', 'embedded'] as const,
          describe: 'embedded: without Docker (default: docker, where an environment has it)',
        })
        .option('format', {
          choices: choices.format,
          default: 'text' as const,
          describe: "codequality: GitLab's report",
        })
        .example('$0 verify --db calendar', 'one database')
        .example('$0 verify --only-new --junit verify.xml', 'in a merge request'),
    wire(verify),
  )

/** Databases may lie anywhere in the repository. */
const rootOf = ({ directory }: Config): string => findRepository(directory) ?? directory

/** What is to be verified of each database. */
const readStores = async (
  config: Config,
  options: VerifyOptions,
  context: Context,
): Promise<VerifiedStore[]> => {
  const read = resolveDatabases(config, '', options.db).map((managed) => ({
    managed,
    ...readMigrations(managed),
  }))
  requireFit(read)
  const { env, stop } = context
  const shell = shellUntil(stop)
  const known = options.onlyNew
    ? await readDefaultBranch({ directory: rootOf(config), env, shell })
    : undefined
  return read.map(({ managed, files }) => {
    const migrations = files.flatMap(({ migration }) => migration ?? [])
    const chosen = migrations.filter(({ file }) => !known?.files.has(join(managed.directory, file)))
    return { managed, files: migrations, chosen: new Set(chosen.map(({ file }) => file)) }
  })
}

/** @throws AppError (exit 2) for an image that nothing would run. */
const isEmbedded = ({ environments }: Config, { engine, image }: VerifyOptions): boolean => {
  if (engine === 'embedded' && image !== undefined)
    throw usageError(
      '--image is of a container, and --engine embedded starts none.',
      'po-migrate verify --help',
    )
  const all = Object.values(environments)
  const alone = all.length > 0 && all.every((each) => each.engine === 'embedded')
  return (engine ?? (alone && image === undefined ? 'embedded' : 'docker')) === 'embedded'
}

const runVerify = async (run: Run, options: VerifyOptions, context: Context): Promise<RunResult> => {
  const { report } = run
  const config = configOf(options, context)
  const stores = await readStores(config, options, context)
  const plan = planVerify('verify', stores)
  const write = (verdicts: Parameters<typeof problemsOf>[0], ms: number): void => {
    const root = rootOf(config)
    if (options.format === 'codequality')
      writeDocument(context.stdout, toCodeQuality(problemsOf(verdicts, root)))
    else report.result(renderVerified(verdicts, paintFor(context.stdout, options, context), ms))
  }
  if (plan.steps.length === 0) {
    run.start(plan)
    write([], 0)
    return nothingDone
  }
  const started = performance.now()
  const verdicts = await unlessInterrupted(context, async () => {
    const { image } = options
    await using bench = isEmbedded(config, options)
      ? await openEmbeddedBench({ config, run: run.id, report }, context)
      : await openVerifyBench({ config, run: run.id, report, image }, context)
    run.start(plan)
    return await verifyAll({ bench, stores, plan, run: run.id, report }, context)
  })
  context.interrupt.throwIfAborted()
  write(verdicts, performance.now() - started)
  return concludeVerify(verdicts)
}

/** Every migration, or those that this branch adds: applied, taken back and applied again, and each time looked at. */
export const verify = (options: VerifyOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'verify', environment: 'verify', global: options }, context, (run) =>
    unlessInterrupted(context, () => runVerify(run, options, context)),
  )
