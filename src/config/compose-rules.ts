import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import type { Secret } from '../model/secret.ts'
import { type EnvFileRules, parseEnvFile } from './env-file.ts'
import type { Config, Variables } from './load.ts'
import { type PasswordSource, readPassword } from './password.ts'

/** A compose project: where its `.env` stands, and its name, where the config tells it. */
export type ComposeProject = { directory: string; name?: string }

const composeFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']

/** Of the host's stack; without one, where a compose file stands beside the env file. */
export const composeProjectOf = (
  config: Config,
  environment: string,
  { files: [first] }: PasswordSource,
): ComposeProject | undefined => {
  const { host = '' } = config.environments[environment] ?? {}
  const stack = config.hosts[host]?.stack
  if (stack) return { directory: dirname(resolve(config.directory, stack.file)), name: stack.project }
  const beside = dirname(first?.path ?? config.file)
  return composeFiles.some((file) => existsSync(join(beside, file))) ? { directory: beside } : undefined
}

const maySayMore = /\$|^[\w.-]+\s*$/m

/** What compose knows beside the shell's: the shell wins. Only where a file may ask for it, since another one may be wrong. */
const withProject = (
  { files }: PasswordSource,
  project: ComposeProject | undefined,
  shell: Variables,
): Variables => {
  if (!project) return shell
  const texts = files.map(({ path }) => (existsSync(path) ? readFileSync(path, 'utf8') : ''))
  if (!texts.some((text) => maySayMore.test(text))) return shell
  const { directory, name } = project
  const file = join(directory, '.env')
  const own = existsSync(file)
    ? parseEnvFile(readFileSync(file, 'utf8'), { file, hostEnv: shell, rules: '2.35' })
    : new Map<string, string>()
  return { ...Object.fromEntries(own), ...shell, ...(name && { COMPOSE_PROJECT_NAME: name }) }
}

type Outcome = { password: Secret } | { error: unknown }

const attempt = (source: PasswordSource, variables: Variables, rules: EnvFileRules): Outcome => {
  try {
    return { password: readPassword(source, variables, rules) }
  } catch (error) {
    return { error }
  }
}

const isSame = (one: Outcome, other: Outcome): boolean => {
  if ('password' in one && 'password' in other) return one.password.reveal() === other.password.reveal()
  return 'error' in one && 'error' in other && String(one.error) === String(other.error)
}

const rulesOf = (version: string): EnvFileRules => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 35) ? '2.35' : '2.24'
}

const unknowable = ({ key, files }: PasswordSource, cause: unknown): AppError =>
  new AppError(
    `${key} in ${files.map(({ path }) => path).join(', ')} depends on the version of docker compose.`,
    {
      exitCode: exitCodes.usage,
      details: [
        `Since 2.35 a reference takes the shell's value first, before that an earlier file's. Here ${(cause as Error).message}`,
      ],
      hint: 'write the value without a reference: $$ is a dollar sign, and in single quotes everything is as it stands',
      cause,
    },
  )

/**
 * Reads a password as the container gets it from the compose that is there, which is asked for its version only where that
 * makes a difference.
 * @throws AppError (exit 2) as `readPassword`, and where the version matters and there is no compose to ask.
 */
export const findPassword = async (
  source: PasswordSource,
  project: ComposeProject | undefined,
  { shell, composeVersion }: { shell: Variables; composeVersion: () => Promise<string> },
): Promise<Secret> => {
  const variables = withProject(source, project, shell)
  const newer = attempt(source, variables, '2.35')
  const older = attempt(source, variables, '2.24')
  const ask = (): Promise<string> =>
    composeVersion().catch((cause) => {
      throw unknowable(source, cause)
    })
  const outcome = isSame(newer, older) || rulesOf(await ask()) === '2.35' ? newer : older
  if ('error' in outcome) throw outcome.error
  return outcome.password
}
