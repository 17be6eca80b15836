import type { Shell } from '../host/shell.ts'

/** What `docker compose config` says of a service, as far as it tells of a Postgres. */
export type ComposeService = {
  image?: string
  build?: { context?: string; dockerfile?: string; dockerfile_inline?: string }
  environment?: Record<string, string | null>
  networks?: Record<string, unknown> | null
  ports?: { target: number; published?: string }[]
  volumes?: { target: string }[]
  secrets?: { source: string; target?: string }[]
  network_mode?: string
}

export type ComposeConfig = {
  name: string
  services?: Record<string, ComposeService>
  networks?: Record<string, { name: string }>
  secrets?: Record<string, { file?: string }>
}

/** Of a docker without the plugin; some take its options for their own. */
const noCompose =
  /'compose' is not a docker command|unknown command: docker compose|^unknown flag: --project-directory/m

/** What `docker compose config` prints is a compose file itself, in which each dollar sign stands twice. */
export const parseComposeConfig = (text: string): unknown => JSON.parse(text.replaceAll('$$', () => '$'))

export type ComposeConfigOptions = {
  directory: string
  files: readonly string[]
  env: Record<string, string | undefined>
}

/** A compose project with everything resolved, services of every profile too; or why compose does not tell. No engine is needed. */
export const readComposeConfig = async (
  shell: Shell,
  { directory, files, env }: ComposeConfigOptions,
): Promise<ComposeConfig | string> => {
  const chosen = files.flatMap((file) => ['--file', file])
  const args = [
    'compose',
    '--project-directory',
    directory,
    ...chosen,
    '--profile',
    '*',
    'config',
    '--format',
    'json',
  ]
  const { exitCode, stdout, stderr } = await shell('docker', args, { env })
  if (exitCode === 0) return parseComposeConfig(stdout) as ComposeConfig
  if (noCompose.test(stderr))
    return 'docker knows no "compose" here: it is a plugin, to be installed beside it'
  return stderr.trim().split('\n').at(-1) || `docker compose config ended with ${exitCode}`
}
