import { statSync } from 'node:fs'
import type { PasswordSource } from '../config/password.ts'
import type { DockerHost } from '../io/docker/host.ts'
import type { Engine } from '../io/engine.ts'
import type { Environment } from '../model/types.ts'
import { addressChecks, nativeChecks } from './address.ts'
import { type BackupFacts, backupChecks } from './backups.ts'
import { type Check, fail, type Warning } from './check.ts'
import { checkMigrations, databasesCheck, readVersion } from './databases.ts'
import { dumpCheck } from './dump.ts'
import { type LeftoverFacts, leftoverChecks } from './leftovers.ts'
import { outsideChecks } from './outside.ts'
import { serverChecks } from './server.ts'
import { type StateFacts, stateChecks } from './state.ts'

const worldReadable = 0o004

/** Where the password stands, in words, and in which files. */
export type PasswordFacts = { where: string; files: PasswordSource['files'] }

/** Where others log in as well, what they can read is a fault. */
const checkPassword = ({ where, files }: PasswordFacts, { host, confirm }: Environment): string | Warning => {
  for (const { path, required } of files) {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
    if (!required || files.length > 1 || !(mode & worldReadable)) continue
    const found = `${path} can be read by everyone on this machine`
    const remedy = `chmod o-rwx ${path}`
    if (host.shared || host.ssh || confirm) throw fail(found, remedy)
    return { warning: found, remedy }
  }
  return where
}

export type EnvironmentFacts = {
  environment: Environment
  host: () => Promise<DockerHost>
  /** Connects to the environment's Postgres. */
  engine: () => Promise<Engine>
  /** Reads it. */
  secret: () => Promise<PasswordFacts>
  state: StateFacts
  leftovers: LeftoverFacts
  backups: BackupFacts
  passEnv: readonly string[]
}

/** What the containers that work on the server need. */
const toolChecks = ({ environment, engine, state }: EnvironmentFacts): Check[] =>
  environment.server === undefined ? [dumpCheck({ engine, run: state.holder.run })] : addressChecks(engine)

/** What one environment needs, from its network to its databases. */
export const environmentChecks = (facts: EnvironmentFacts): Check[] => {
  const { environment, host, engine, secret, state, leftovers, backups, passEnv } = facts
  const { service } = environment
  const { stack, name } = environment.host
  return [
    { title: 'migrations', run: () => checkMigrations(environment) },
    { title: 'password', run: async () => checkPassword(await secret(), environment) },
    ...stateChecks(state),
    ...outsideChecks({ environment, host, passEnv }),
    {
      title: 'postgres',
      ...(environment.network && { needs: 'network' }),
      run: async () => {
        const { server } = await engine()
        const who = environment.server ?? service ?? 'it'
        return `${who} is ${server.label}, version ${await readVersion(server)}, password accepted`
      },
    },
    databasesCheck(environment, engine),
    ...serverChecks({ environment, engine }),
    ...(environment.engine === 'native' ? nativeChecks(engine) : toolChecks(facts)),
    ...leftoverChecks(leftovers),
    ...(environment.engine === 'native' ? [] : backupChecks(backups)),
    ...(stack && environment.server === undefined
      ? [{ title: 'stack', run: () => `${stack.project}, ${stack.file} (po-migrate start ${name})` }]
      : []),
  ]
}
