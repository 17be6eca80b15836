import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import type { PasswordSource } from '../config/password.ts'
import { AppError, exitCodes } from '../errors.ts'
import { readComposeVersion } from '../io/compose.ts'
import type { DockerHost } from '../io/docker-host.ts'
import { loadEmbeddedPackages } from '../io/embedded/packages.ts'
import type { Engine } from '../io/engine.ts'
import { readMigrations } from '../io/files.ts'
import { hasImage } from '../io/image.ts'
import type { Server } from '../io/postgres.ts'
import { networkExists } from '../io/postgres-container.ts'
import { readExisting } from '../io/read-database.ts'
import type { Shell } from '../io/shell.ts'
import { readHolders, refuseHeldVolume, volumeExists } from '../io/volume.ts'
import type { Environment } from '../model/types.ts'
import type { Check } from './check.ts'

const fail = (message: string, hint: string): AppError =>
  new AppError(message, { exitCode: exitCodes.failed, hint })

export type MachineFacts = { configFile: string; nodeVersion: string }

/** What every environment on this machine needs. */
export const machineChecks = ({ configFile, nodeVersion }: MachineFacts): Check[] => [
  { title: 'node', run: () => nodeVersion },
  { title: 'config', run: () => configFile },
]

export type DockerFacts = { host: () => Promise<DockerHost>; image: string }

/** What every environment of the docker engine needs. */
export const dockerChecks = ({ host, image }: DockerFacts): Check[] => [
  { title: 'docker', run: async () => `${(await host()).version} at ${(await host()).endpoint.host}` },
  { title: 'docker compose', needs: 'docker', run: async () => readComposeVersion(await host()) },
  {
    title: 'dbmate image',
    needs: 'docker',
    run: async () => {
      if (await hasImage((await host()).docker, image)) return image
      throw fail(`${image} is not here yet (the next run pulls it)`, `docker pull ${image}`)
    },
  },
]

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

const checkMigrations = ({ databases }: Environment): string => {
  const read = databases.map((managed) => ({ managed, ...readMigrations(managed) }))
  const problems = read.flatMap(({ managed, files, strays }) =>
    [...strays, ...files.flatMap((file) => file.problems)].map(
      ({ file, message }) => `${managed.name}/${file} ${message}`,
    ),
  )
  if (problems.length > 0) throw fail(problems.join('; '), 'correct the files')
  return read.map(({ managed, files }) => `${managed.name} ${files.length}`).join(', ')
}

const readVersion = async (server: Server): Promise<string> => {
  const sql = "select pg_catalog.current_setting('server_version') as version"
  const [row] = await server.query<{ version: string }>('postgres', sql)
  return row?.version ?? '?'
}

const databasesCheck = ({ databases }: Environment, engine: () => Promise<Engine>): Check => ({
  title: 'databases',
  needs: 'postgres',
  run: async () => {
    const names = databases.map(({ database }) => database)
    const present = await readExisting((await engine()).server, names)
    const absent = names.filter((database) => !present.has(database))
    return absent.length > 0 ? `${absent.join(', ')} will be created by the next up` : names.join(', ')
  },
})

export type EnvironmentFacts = {
  environment: Environment
  host: () => Promise<DockerHost>
  /** Connects to the environment's Postgres. */
  engine: () => Promise<Engine>
  source: PasswordSource
  readPassword: () => unknown
}

/** What one environment needs, from its network to its databases. */
export const environmentChecks = ({
  environment,
  host,
  engine,
  source,
  readPassword,
}: EnvironmentFacts): Check[] => {
  const { network, service } = environment
  const { volume, stack, name } = environment.host
  return [
    { title: 'migrations', run: () => checkMigrations(environment) },
    { title: 'password', run: () => checkEnvFile(source, readPassword) },
    {
      title: 'network',
      run: async () => {
        if (await networkExists((await host()).docker, network)) return network
        throw fail(`${network} does not exist here`, `po-migrate doctor ${environment.name} --fix`)
      },
      fix: async () => {
        await (await host()).docker.createNetwork({ Name: network })
        return `${network} created`
      },
    },
    ...(volume
      ? [
          {
            title: 'volume',
            run: async () => {
              const { docker } = await host()
              if (!(await volumeExists(docker, volume)))
                throw fail(`${volume} does not exist here`, `po-migrate doctor ${environment.name} --fix`)
              refuseHeldVolume(volume, await readHolders(docker, volume, stack?.project ?? ''))
              return volume
            },
            fix: async () => {
              await (await host()).docker.createVolume({ Name: volume })
              return `${volume} created`
            },
          },
        ]
      : []),
    {
      title: 'postgres',
      needs: 'network',
      run: async () => {
        const { server } = await engine()
        return `${service} is ${server.label}, version ${await readVersion(server)}, password accepted`
      },
    },
    databasesCheck(environment, engine),
    ...(stack
      ? [{ title: 'stack', run: () => `${stack.project}, ${stack.file} (po-migrate start ${name})` }]
      : []),
  ]
}

const checkState = (state: string): string => {
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 })
    accessSync(state, constants.W_OK)
    return state
  } catch (error) {
    throw fail(`${state} cannot be written: ${(error as Error).message}`, 'set state: in the config')
  }
}

export type EmbeddedFacts = {
  environment: Environment
  /** Opens the environment's data. */
  engine: () => Promise<Engine>
  state: string
  shell: Shell
}

/** What one environment of the embedded engine needs: no Docker, no host. */
export const embeddedChecks = ({ environment, engine, state, shell }: EmbeddedFacts): Check[] => [
  { title: 'migrations', run: () => checkMigrations(environment) },
  { title: 'state directory', run: () => checkState(state) },
  {
    title: 'npm packages',
    run: async () => {
      await loadEmbeddedPackages()
      return 'PGlite, pgvector, dbmate'
    },
  },
  {
    title: 'dbmate binary',
    needs: 'npm packages',
    run: async () => {
      const { dbmate } = await loadEmbeddedPackages()
      const { exitCode, stdout, stderr } = await shell(dbmate, ['--version'], { env: {} })
      if (exitCode !== 0) throw fail(`${dbmate} does not run: ${stderr.trim()}`, 'npm ci')
      return `${stdout.trim()}, ${dbmate}`
    },
  },
  {
    title: 'postgres',
    needs: 'npm packages',
    run: async () => {
      const { server } = await engine()
      return `${server.label}, version ${await readVersion(server)}`
    },
  },
  databasesCheck(environment, engine),
]
