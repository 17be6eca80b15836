import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Document, LineCounter, parseDocument } from 'yaml'
import * as z from 'zod'
import { AppError, exitCodes, usageError } from '../errors.ts'
import { quote } from '../model/quote.ts'
import { withDefaults } from './defaults.ts'
import { findConfig } from './find.ts'
import { interpolate, type Lookup } from './interpolate.ts'
import { placeOfIssue, sayIssue } from './say-issue.ts'
import { type ConfigFile, configSchema } from './schema.ts'
import { lineOfPath, type Path } from './yaml-lines.ts'

export type Variables = Record<string, string | undefined>

/** The parsed config and where it stands: relative paths in it are relative to `directory`. */
export type Config = ConfigFile & { file: string; directory: string }

export type LoadOptions = {
  /** `--config`. */
  file?: string | undefined
  cwd: string
  /** For `${NAME:-default}` in the file. */
  env: Variables
}

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new AppError(`Cannot read the config ${file}: ${(cause as Error).message}`, {
      exitCode: exitCodes.usage,
      hint: `ls -l ${file}`,
      cause,
    })
  }
}

const edit = (file: string, line: number): string => `\${EDITOR:-vi} +${line} ${quote(file)}`

/** What is wrong at one place of the file. */
type Problem = { path: Path; at: Path; message: string }

type Found = { line: number; text: string }

type Walk = { lookup: Lookup; path: Path; problems: Problem[] }

/** Replaces `${NAME:-default}` in every string, by compose's rules, and collects what goes wrong. */
const interpolateDeep = (value: unknown, walk: Walk): unknown => {
  const { lookup, path, problems } = walk
  const inner = (key: string | number): Walk => ({ ...walk, path: [...path, key] })
  if (Array.isArray(value)) return value.map((item, index) => interpolateDeep(item, inner(index)))
  if (value && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, interpolateDeep(item, inner(key))]),
    )
  if (typeof value !== 'string') return value
  try {
    return interpolate(value, lookup)
  } catch (error) {
    problems.push({ path, at: path, message: (error as Error).message })
    return value
  }
}

const parseYaml = (file: string, text: string, lineCounter: LineCounter): Document => {
  const document = parseDocument(text, { lineCounter })
  if (document.errors.length > 0) {
    const details = document.errors.map(({ message }) => message.trimEnd())
    const { line = 1 } = document.errors[0]?.linePos?.[0] ?? {}
    throw usageError(`${file} is not valid YAML:`, edit(file, line), details)
  }
  return document
}

const nameOf = (path: Path): string => path.join('.') || 'the file'

const findProblems = (config: unknown, error: z.ZodError, told: readonly Problem[]): Problem[] => {
  const known = new Set(told.map(({ path }) => nameOf(path)))
  const schemas = {
    written: z.toJSONSchema(configSchema, { io: 'input' }),
    parsed: z.toJSONSchema(configSchema, { io: 'output', unrepresentable: 'any' }),
  }
  return error.issues
    .filter(({ path }) => !known.has(nameOf(path)))
    .map((issue) => ({
      path: issue.path,
      at: placeOfIssue(issue),
      message: sayIssue(issue, schemas, config),
    }))
}

export type ParseOptions = { path: string; text: string; env: Variables }

/**
 * Checks the text of a migrate.yaml, and fills in what it leaves out.
 * @throws AppError (exit 2) with every problem of the file at once, each by its path and line.
 */
export const parseConfig = ({ path, text, env }: ParseOptions): Config => {
  const counter = new LineCounter()
  const document = parseYaml(path, text, counter)
  const told: Problem[] = []
  const lookup: Lookup = (name) => (Object.hasOwn(env, name) ? env[name] : undefined)
  const config = interpolateDeep(document.toJS(), { lookup, path: [], problems: told })
  const parsed = configSchema.safeParse(config)
  const problems = [...told, ...(parsed.error ? findProblems(config, parsed.error, told) : [])]
  const found = problems
    .map(({ path: where, at, message }): Found => {
      const line = lineOfPath(document, counter, at)
      return { line, text: `${nameOf(where)}: ${message} (line ${line})` }
    })
    .sort((one, other) => one.line - other.line)
  if (!parsed.success || found.length > 0)
    throw usageError(
      `${path} has ${found.length} problem${found.length > 1 ? 's' : ''}:`,
      edit(path, found[0]?.line ?? 1),
      found.map(({ text }) => text),
    )
  return withDefaults({ ...parsed.data, file: path, directory: dirname(path) }, env)
}

/** Finds, reads and checks migrate.yaml. @throws AppError (exit 2) as above, and when there is none, or two. */
export const loadConfig = ({ file, cwd, env }: LoadOptions): Config => {
  const path = file ? resolve(cwd, file) : findConfig(cwd)
  return parseConfig({ path, text: readText(path), env })
}
