import { accessSync, constants } from 'node:fs'
import { loadEmbeddedPackages } from '../io/embedded/packages.ts'
import type { Engine } from '../io/engine.ts'
import type { Shell } from '../io/host/shell.ts'
import { makeDirectories } from '../make-directories.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import { type Check, fail } from './check.ts'
import { checkMigrations, databasesCheck, readVersion } from './databases.ts'
import { projectCheck } from './state.ts'

const checkState = (state: string): string => {
  try {
    makeDirectories(state, 0o700)
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
  state: State
  shell: Shell
}

/** What one environment of the embedded engine needs: no Docker, no host. */
export const embeddedChecks = ({ environment, engine, state, shell }: EmbeddedFacts): Check[] => [
  { title: 'migrations', run: () => checkMigrations(environment) },
  { title: 'state directory', run: () => checkState(state.directory) },
  projectCheck(() => state),
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
