import { statSync } from 'node:fs'
import type { PasswordSource } from '../config/password.ts'
import type { DockerHost } from '../io/docker/host.ts'
import type { Engine } from '../io/engine.ts'
import type { Environment } from '../model/types.ts'
import { type BackupFacts, backupChecks } from './backups.ts'
import { type Check, fail } from './check.ts'
import { checkMigrations, databasesCheck, readVersion } from './databases.ts'
import { type LeftoverFacts, leftoverChecks } from './leftovers.ts'
import { outsideChecks } from './outside.ts'
import { type StateFacts, stateChecks } from './state.ts'

const worldReadable = 0o004

const checkEnvFile = ({ key, files }: PasswordSource, read: () => unknown): string => {
  read()
  for (const { path, required } of files) {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
    if (required && files.length === 1 && mode & worldReadable)
      throw fail(`${path} can be read by everyone on this machine`, `chmod o-rwx ${path}`)
  }
  return `${key} in ${files.map(({ path }) => path).join(', ')}`
}

export type EnvironmentFacts = {
  environment: Environment
  host: () => Promise<DockerHost>
  /** Connects to the environment's Postgres. */
  engine: () => Promise<Engine>
  source: PasswordSource
  readPassword: () => unknown
  state: StateFacts
  leftovers: LeftoverFacts
  backups: BackupFacts
  passEnv: readonly string[]
}

/** What one environment needs, from its network to its databases. */
export const environmentChecks = ({
  environment,
  host,
  engine,
  source,
  readPassword,
  state,
  leftovers,
  backups,
  passEnv,
}: EnvironmentFacts): Check[] => {
  const { service } = environment
  const { stack, name } = environment.host
  return [
    { title: 'migrations', run: () => checkMigrations(environment) },
    { title: 'password', run: () => checkEnvFile(source, readPassword) },
    ...stateChecks(state),
    ...outsideChecks({ environment, host, passEnv }),
    {
      title: 'postgres',
      needs: 'network',
      run: async () => {
        const { server } = await engine()
        return `${service ?? 'it'} is ${server.label}, version ${await readVersion(server)}, password accepted`
      },
    },
    databasesCheck(environment, engine),
    ...leftoverChecks(leftovers),
    ...backupChecks(backups),
    ...(stack
      ? [{ title: 'stack', run: () => `${stack.project}, ${stack.file} (po-migrate start ${name})` }]
      : []),
  ]
}
