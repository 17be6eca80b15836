import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { AppError, exitCodes, usageError } from '../errors.ts'
import { interpolate } from './interpolate.ts'
import { type ConfigFile, configSchema } from './schema.ts'

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

export const defaultFile = join('infrastructure', 'migrate.yaml')

/** The config of the checkout that a directory is in. */
export const searchConfig = (cwd: string): string | undefined => {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const file = join(directory, defaultFile)
    if (existsSync(file)) return file
    if (directory === dirname(directory)) return undefined
  }
}

const findConfig = (cwd: string): string => {
  const file = searchConfig(cwd)
  if (file !== undefined) return file
  const hint = 'run it in a checkout that has one, or: po-migrate --config FILE …'
  throw usageError(`No ${defaultFile} in ${cwd} or above it.`, hint)
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

type Walk = { lookup: (name: string) => string | undefined; path: string; problems: string[] }

/** Replaces `${NAME:-default}` in every string, by compose's rules, and collects what goes wrong. */
const interpolateDeep = (value: unknown, walk: Walk): unknown => {
  const inner = (key: string | number): Walk => ({
    ...walk,
    path: walk.path ? `${walk.path}.${key}` : `${key}`,
  })
  if (Array.isArray(value)) return value.map((item, index) => interpolateDeep(item, inner(index)))
  if (value && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, interpolateDeep(item, inner(key))]),
    )
  if (typeof value !== 'string') return value
  try {
    return interpolate(value, walk.lookup)
  } catch (error) {
    walk.problems.push(`${walk.path}: ${(error as Error).message}`)
    return value
  }
}

const parseYaml = (file: string, text: string): unknown => {
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    const details = document.errors.map(({ message }) => message.trimEnd())
    throw usageError(`${file} is not valid YAML:`, undefined, details)
  }
  return document.toJS()
}

/**
 * Finds, reads and checks migrate.yaml.
 * @throws AppError (exit 2) with every problem of the file at once, each by its path.
 */
export const loadConfig = ({ file, cwd, env }: LoadOptions): Config => {
  const path = file ? resolve(cwd, file) : findConfig(cwd)
  const walk: Walk = {
    lookup: (name) => (Object.hasOwn(env, name) ? env[name] : undefined),
    path: '',
    problems: [],
  }
  const parsed = configSchema.safeParse(interpolateDeep(parseYaml(path, readText(path)), walk))
  const issues = parsed.error?.issues ?? []
  const problems = [
    ...walk.problems,
    ...issues
      .map(({ path: where, message }) => ({ where: where.join('.') || 'the file', message }))
      .filter(({ where }) => !walk.problems.some((problem) => problem.startsWith(`${where}: `)))
      .map(({ where, message }) => `${where}: ${message}`),
  ]
  if (!parsed.success || problems.length > 0)
    throw usageError(
      `${path} has ${problems.length} problem${problems.length > 1 ? 's' : ''}:`,
      undefined,
      problems,
    )
  return { ...parsed.data, file: path, directory: dirname(path) }
}
