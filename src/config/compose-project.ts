import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { parseEnvFile } from './env-file.ts'
import { projectDirectory } from './find.ts'
import { interpolate } from './interpolate.ts'
import type { Config, Variables } from './load.ts'

/** compose-go's names, the first that is there, and what is laid over it. */
const fileNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
]

type Network = { name?: unknown; external?: boolean | { name?: unknown } } | null
type ComposeFile = { name?: unknown; networks?: Record<string, Network> } | null

/** What compose would read: its files, and the variables of the `.env` beside the first. */
export type ComposeProject = { directory: string; files: readonly string[]; variables: Variables }

/** With what the `.env` of a directory adds to the shell's. */
export const readVariables = (directory: string, env: Variables): Variables => {
  const file = join(directory, '.env')
  if (!existsSync(file)) return env
  try {
    const own = parseEnvFile(readFileSync(file, 'utf8'), { file, hostEnv: env })
    return { ...Object.fromEntries(own), ...env }
  } catch {
    // compose would not start either; whoever needs its values says so.
    return env
  }
}

const first = (directory: string, names: readonly string[]): string[] =>
  names
    .map((name) => join(directory, name))
    .filter(existsSync)
    .slice(0, 1)

/** The project that compose would find: it looks upward from where it is called; no further than the repository. */
export const findComposeProject = (from: string, env: Variables): ComposeProject | undefined => {
  for (let directory = from; ; directory = dirname(directory)) {
    const variables = readVariables(directory, env)
    const named = variables.COMPOSE_FILE
    if (named) {
      const files = named
        .split(variables.COMPOSE_PATH_SEPARATOR || ':')
        .map((file) => resolve(directory, file))
      return { directory: dirname(files[0] ?? directory), files: files.filter(existsSync), variables }
    }
    const [main] = first(directory, fileNames)
    if (main) return { directory, files: [main, ...first(directory, overrideNames)], variables }
    if (existsSync(join(directory, '.git')) || directory === dirname(directory)) return undefined
  }
}

const readFile = (file: string): ComposeFile => {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch {
    // As above.
    return null
  }
}

const allowed = /[a-z0-9_-]/g
const atTheFront = /^[_-]+/

/** compose-go's NormalizeProjectName */
const normalise = (name: string): string =>
  (name.toLowerCase().match(allowed) ?? []).join('').replace(atTheFront, '')

const textOf = (value: unknown, variables: Variables): string | undefined => {
  if (typeof value !== 'string' || value === '') return undefined
  try {
    return interpolate(value, (name) => variables[name]) || undefined
  } catch {
    return undefined
  }
}

const nameOfNetwork = (network: Network | undefined, variables: Variables): string | undefined => {
  const external = typeof network?.external === 'object' ? network.external.name : undefined
  return textOf(network?.name ?? external, variables)
}

type Stack = { file: string; project: string }

/**
 * The default network of a stack, or of the compose project around a config, named by compose's own rules, which a test
 * compares with `docker compose config`. Without a compose file: `PROJECT_default` of the config's `project:`, else of the
 * directory.
 */
export const defaultNetwork = (config: Config, stack: Stack | undefined, env: Variables): string => {
  const { directory } = config
  const file = stack && resolve(directory, stack.file)
  const found = file
    ? { directory: dirname(file), files: [file], variables: readVariables(dirname(file), env) }
    : findComposeProject(directory, env)
  if (!found) return `${config.project ?? normalise(basename(projectDirectory(directory)))}_default`
  const { variables } = found
  const read = found.files.map(readFile)
  const named = read.flatMap((one) => textOf(one?.name, variables) ?? [])
  const network = read.flatMap((one) => nameOfNetwork(one?.networks?.default, variables) ?? [])
  const project =
    stack?.project ?? (variables.COMPOSE_PROJECT_NAME || named.at(-1)) ?? basename(found.directory)
  return network.at(-1) ?? `${normalise(project)}_default`
}
