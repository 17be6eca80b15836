import { readFileSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { databaseNames, resolveDatabases, sourcesOf } from '../config/databases.ts'
import { projectDirectory } from '../config/find.ts'
import type { Config } from '../config/load.ts'
import { storeOf } from '../config/store.ts'
import { unknown } from '../config/unknown.ts'
import { type ExitCode, exitCodes, usageError } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import {
  databaseOption,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
  withoutRunFlags,
} from '../frame/options.ts'
import { readMigrations } from '../io/dbmate/files.ts'
import { findRepository, findStrays } from '../io/host/repository.ts'
import { type Linter, loadLinter } from '../lint/linter.ts'
import type { Context } from '../model/context.ts'
import { isHistory } from '../model/history.ts'
import { nearest } from '../model/nearest.ts'
import type { ManagedDatabase, Problem } from '../model/types.ts'
import { toCodeQuality } from '../report/code-quality.ts'
import type { LintDocument } from '../report/documents.ts'
import { writeDocument } from '../report/json.ts'
import { renderLint, renderRule, renderSilent, type ShownProblem } from '../report/lint.ts'
import { choices, verbs } from './verbs.ts'

export type LintOptions = GlobalOptions & {
  db: readonly string[]
  format: 'text' | 'codequality'
  explain?: string | undefined
}

export const lintCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.lint,
    (args) =>
      databaseOption(withoutRunFlags(args))
        .option('format', {
          requiresArg: true,
          choices: choices.format,
          default: 'text' as const,
          describe: "codequality: GitLab's report",
        })
        .option('explain', {
          type: 'string',
          requiresArg: true,
          describe: 'Why a rule is there, and what to write instead',
        })
        .example('$0 lint --db calendar', 'one database')
        .example('$0 lint --explain own-transaction', ''),
    wire(lint),
  )

/** A problem and where its file is. */
type Located = { problem: Problem; database: string | null; path: string }
type Linted = { files: number; located: Located[]; silent: number }

/** What is history is applied: only what would stop a new database is told of it. */
const lintDatabase = (managed: ManagedDatabase, config: Config, linter: Linter): Linted => {
  const { files, strays } = readMigrations(managed)
  const since = sinceOf(config, managed.name)
  const old = files.filter(({ version }) => isHistory(version, since))
  const recent = files.filter((file) => !old.includes(file))
  const base = { managed, which: 'both', elsewhere: 'applied before' } as const
  const before = linter.lint({ ...base, files: old }).flatMap(({ problems }) => problems)
  const judged = linter.lint({ ...base, files: recent, known: linter.history({ managed, files: old }) })
  const problems = [
    ...strays,
    // In whatever order history ran, it did, and other names would be other versions.
    ...before.filter(({ level, rule }) => level === 'error' && rule !== 'version-width'),
    ...judged.flatMap((judgement) => judgement.problems),
  ]
  const located = problems.map((problem) => ({
    problem,
    database: managed.name,
    path: join(managed.directory, problem.file),
  }))
  return {
    files: files.length,
    located,
    silent: since === undefined ? judged.flatMap(({ silent }) => silent).length : 0,
  }
}

/** @throws AppError (exit 2) for a database that is not managed: nothing of it would be history. */
const requireKnown = (config: Config): void => {
  const { since } = config.lint
  const names = databaseNames(config)
  const strangers =
    typeof since === 'object' ? Object.keys(since).filter((name) => !names.includes(name)) : []
  for (const name of strangers) throw unknown(name, { what: 'database in lint.since', names })
}

const sinceOf = ({ lint: { since } }: Config, database: string): string | number | undefined =>
  typeof since === 'object' ? since[database] : since

const lintStrays = (config: Config, root: string, databases: readonly ManagedDatabase[]): Located[] => {
  const sources = [storeOf(config), ...sourcesOf(config, databases)]
  const message = 'a migration outside the store is never applied'
  return findStrays({ root, sources, globs: config.lint.stray }).map((path) => ({
    problem: { rule: 'stray-migration', level: 'warning', file: path, message },
    database: null,
    path,
  }))
}

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Paths below the base become relative to it. */
const show =
  (base: string) =>
  ({ problem: { file: _, ...problem }, database, path }: Located): ShownProblem => {
    const short = relative(base, path)
    const file = short.startsWith('..') || isAbsolute(short) ? path : short
    return { ...problem, database, file, text: problem.line === undefined ? undefined : readText(path) }
  }

const explain = async (id: string, options: LintOptions, context: Context): Promise<ExitCode> => {
  const { catalogue } = await import('../lint/catalogue.ts')
  const found = catalogue.get(id)
  if (!found) {
    const known = [...catalogue.keys()].sort()
    const close = nearest(id, known)
    throw usageError(`There is no rule "${id}".`, close ? `po-migrate lint --explain ${close}` : undefined, [
      `known: ${known.join(', ')}`,
    ])
  }
  const { level, ignorable = true, why, fix, bad, good } = found
  const document = { version: 1 as const, rule: id, level, ignorable, why, fix, bad, good }
  if (options.json) writeDocument(context.stdout, document)
  else context.stdout.write(renderRule(document, paintFor(context.stdout, options, context)))
  return exitCodes.done
}

const describeLint = (files: number, shown: readonly ShownProblem[]): LintDocument => {
  const errors = shown.filter(({ level }) => level === 'error').length
  const problems = shown.map(({ text: _, ...problem }) => problem)
  return { version: 1, files, errors, warnings: problems.length - errors, problems }
}

const exitOf = ({ errors }: LintDocument): ExitCode => (errors > 0 ? exitCodes.usage : exitCodes.done)

/** Checks the migration files of every managed database, or of the named ones: applied or not, no database is asked. */
export const lint = async (options: LintOptions, context: Context): Promise<ExitCode> => {
  if (options.explain !== undefined) return await explain(options.explain, options, context)
  const { cwd, stdout, stderr } = context
  const config = configOf(options, context)
  requireKnown(config)
  const databases = resolveDatabases(config, '', options.db)
  const root = findRepository(config.directory) ?? projectDirectory(config.directory)
  const linter = await loadLinter()
  const linted = databases.map((managed) => lintDatabase(managed, config, linter))
  const located = linted.flatMap((entry) => entry.located)
  if (options.db.length === 0) located.push(...lintStrays(config, root, databases))
  const shown = located.map(show(options.format === 'codequality' ? root : cwd))
  const document = describeLint(
    linted.reduce((sum, { files }) => sum + files, 0),
    shown,
  )
  if (options.format === 'codequality') writeDocument(stdout, toCodeQuality(shown))
  else if (options.json) writeDocument(stdout, document)
  else {
    stdout.write(renderLint(document, shown, paintFor(stdout, options, context)))
    if (options.quiet) return exitOf(document)
    const [first] = shown
    const paint = paintFor(stderr, options, context)
    stderr.write(renderSilent(linted.reduce((sum, { silent }) => sum + silent, 0)))
    if (first) stderr.write(`${paint.symbols.next} po-migrate lint --explain ${first.rule}\n`)
  }
  return exitOf(document)
}
