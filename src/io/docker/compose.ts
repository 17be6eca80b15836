import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, asTouched, exitCodes } from '../../errors.ts'
import type { State } from '../../model/state.ts'
import type { Stack } from '../../model/types.ts'
import { makeGroupDirectory } from '../host/journal.ts'
import type { Shell, ShellOptions, ShellResult } from '../host/shell.ts'
import { dockerVariables } from './endpoint.ts'
import type { DockerHost } from './host.ts'

const base = ['PATH', 'HOME', 'DOCKER_CONFIG']

/** The little environment that compose sees: a variable in the operator's shell would win over an env file. */
export const composeEnvironment = (env: DockerHost['env'], passEnv: readonly string[]): DockerHost['env'] => {
  const passes = (name: string): boolean =>
    base.includes(name) ||
    passEnv.some((rule) => (rule.endsWith('*') ? name.startsWith(rule.slice(0, -1)) : name === rule))
  return Object.fromEntries(Object.entries(env).filter(([name]) => passes(name)))
}

/** Calls the compose CLI with the little environment that it gets. */
export const runCompose = (
  { shell, env, endpoint }: DockerHost,
  args: readonly string[],
  { passEnv, ...options }: CallOptions,
): Promise<ShellResult> =>
  shell('docker', args, {
    env: { ...composeEnvironment(env, passEnv), ...dockerVariables(endpoint) },
    ...options,
  })

/** `docker compose` arguments for one stack. */
export const composeArguments = ({ project, file, over }: Stack, args: readonly string[]): string[] => [
  'compose',
  '--project-name',
  project,
  '--file',
  file,
  ...(over ? ['--file', over] : []),
  '--ansi',
  'never',
  ...args,
]

type CallOptions = { passEnv: readonly string[] } & Pick<ShellOptions, 'onLine' | 'signal' | 'isWork'>

export type ComposeOptions = { stack: Stack; passEnv: readonly string[]; onLine: (line: string) => void }

const waitTimeout = '180'

/** Pulls what a stack needs and this machine lacks, as far as that can be had: the start says what is missing. */
export const pullStack = async (
  host: DockerHost,
  { stack, passEnv, onLine }: ComposeOptions,
): Promise<void> => {
  const args = composeArguments(stack, ['pull', '--policy', 'missing', '--ignore-buildable'])
  await host.client.accompany((signal) => runCompose(host, args, { passEnv, onLine, signal, isWork: true }))
}

/**
 * Starts a stack and waits until it is healthy.
 * @throws AppError (exit 1) with compose's own words, (exit 6) when the engine is gone meanwhile.
 */
export const startStack = async (
  host: DockerHost,
  { stack, passEnv, onLine }: ComposeOptions,
): Promise<void> => {
  const args = composeArguments(stack, ['up', '--detach', '--wait', '--wait-timeout', waitTimeout])
  const up = host.client.accompany(async (gone) => {
    const ended = await runCompose(host, args, { passEnv, onLine, signal: gone, isWork: true })
    gone.throwIfAborted()
    return ended
  })
  const { exitCode, stderr } = await up.catch((error) => {
    throw asTouched(error)
  })
  if (exitCode === 0) return
  throw new AppError(`The stack ${stack.project} did not come up.`, {
    exitCode: exitCodes.failed,
    details: stderr.trim().split('\n').slice(-5),
    hint: `docker compose --project-name ${stack.project} logs --tail 30`,
  })
}

/** A compose file that gives a service another image, by id; answers its path. */
export const writeImageOverride = (
  state: State,
  run: string,
  { service, image }: { service: string; image: string },
): string => {
  const directory = join(state.directory, 'journals')
  makeGroupDirectory(state, directory)
  const file = join(directory, `${run}.compose.json`)
  writeFileSync(file, JSON.stringify({ services: { [service]: { image, pull_policy: 'never' } } }))
  return file
}

/** compose's version; it asks no engine. @throws AppError (exit 6) when it is missing. */
export const askComposeVersion = async (env: DockerHost['env'], shell: Shell): Promise<string> => {
  const { exitCode, stdout } = await shell('docker', ['compose', 'version', '--short'], {
    env: composeEnvironment(env, []),
  })
  if (exitCode === 0) return stdout.trim().replace('v', '')
  throw tooOld('docker compose is not installed')
}

const tooOld = (found: string): AppError =>
  new AppError(`${found}; 2.24 or newer is needed.`, {
    exitCode: exitCodes.unreachable,
    hint: 'install the docker-compose-plugin package (docs.docker.com/compose/install)',
  })

/** compose's version. @throws AppError (exit 6) when it is missing or older than 2.24, the first with optional env files. */
export const readComposeVersion = async ({ env, shell }: DockerHost): Promise<string> => {
  const version = await askComposeVersion(env, shell)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 2 || (major === 2 && minor >= 24)) return version
  throw tooOld(`docker compose is ${version}`)
}

/**
 * Has compose read a stack's file. `names: false` leaves variables as they stand: an operator's shell lacks those of a deploy.
 * @throws AppError (exit 2) with compose's own words.
 */
export const checkStack = async (
  host: DockerHost,
  { stack, passEnv, names }: { stack: Stack; passEnv: readonly string[]; names: boolean },
): Promise<void> => {
  const args = composeArguments(stack, ['config', '--quiet', ...(names ? [] : ['--no-interpolate'])])
  const { exitCode, stderr } = await runCompose(host, args, { passEnv })
  if (exitCode === 0) return
  throw new AppError(`The compose file of ${stack.project} is not valid: ${stack.file}`, {
    exitCode: exitCodes.usage,
    details: stderr.trim().split('\n').slice(-5),
    hint: `correct it, then: docker compose --file ${stack.file} config --quiet`,
  })
}
