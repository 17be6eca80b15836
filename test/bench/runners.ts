import { join } from 'node:path'
import { run } from '../support/engine/docker.ts'
import { dbmateImage } from '../support/engine/images.ts'
import { dbmateBinary } from '../support/postgres/native-project.ts'
import { root } from '../support/root.ts'
import type { Kind, World } from './world.ts'

export type Runner = { name: string; run: (world: World) => Promise<void>; kind?: Kind }

const bundle = join(root, 'dist/po-migrate.cjs')

/** @throws Error with its stderr when it fails. */
const call = async (command: readonly string[], env: Record<string, string>, cwd = root): Promise<void> => {
  const [file = '', ...args] = command
  const { exit, stderr } = await run(file, args, { cwd, env })
  if (exit !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
}

const up =
  (environment: string): Runner['run'] =>
  ({ project: { directory } }) =>
    call(
      [process.execPath, bundle, 'up', environment],
      { XDG_STATE_HOME: join(directory, 'state') },
      directory,
    )

export const tool: Runner = { name: 'po-migrate', run: up('dev') }

/** The same with dbmate as a process, and no container. */
export const toolNative: Runner = { name: 'po-migrate, engine: native', run: up('bare') }

const tellPeak =
  'data:text/javascript,process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))'

/** MiB that the tool takes at most, of a run with nothing to do. */
export const peakMemory = async ({ project: { directory } }: World): Promise<number> => {
  const args = ['--import', tellPeak, bundle, 'up', 'dev']
  const env = { XDG_STATE_HOME: join(directory, 'state') }
  const { stderr } = await run(process.execPath, args, { cwd: directory, env })
  return Math.round(Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024)
}

/** One `docker run` a database. */
export const bash: Runner = {
  name: 'bash',
  run: ({ postgres, databases, directoryOf }) =>
    call(['bash', join(import.meta.dirname, 'plain-runner.sh')], {
      DATABASES: databases.map((name) => `${name}:${directoryOf(name)}`).join(' '),
      NETWORK: postgres.network,
      PASSWORD: postgres.password,
      DBMATE_IMAGE: dbmateImage,
    }),
}

const urlOf = ({ address, password }: World['postgres'], database: string): string =>
  `postgres://postgres:${encodeURIComponent(password)}@${address}:5432/${database}`

/** dbmate's own binary, once a database, without Docker: no container, and nothing that the tool adds. */
export const native: Runner = {
  name: 'dbmate',
  run: async ({ postgres, databases, directoryOf }) => {
    for (const name of databases) {
      const url = `${urlOf(postgres, name)}?sslmode=disable`
      await call([dbmateBinary, '--no-dump-schema', 'up'], {
        DATABASE_URL: url,
        DBMATE_MIGRATIONS_DIR: directoryOf(name),
      })
    }
  },
}

const nodePgMigrateBin = join(root, 'node_modules/node-pg-migrate/bin/node-pg-migrate.js')

/** In databases of its own, which have to be there: it makes none. */
export const nodePgMigrate: Runner = {
  name: 'node-pg-migrate',
  kind: 'plain',
  run: async ({ postgres, databases, plainOf }) => {
    for (const name of databases)
      await call([process.execPath, nodePgMigrateBin, '--migrations-dir', plainOf(name), 'up'], {
        DATABASE_URL: urlOf(postgres, `${name}_plain`),
      })
  },
}

export const help: Runner = {
  name: 'po-migrate --help',
  run: () => call([process.execPath, bundle, '--help'], {}),
}
export const node: Runner = { name: 'node -e 0', run: () => call([process.execPath, '-e', '0'], {}) }
