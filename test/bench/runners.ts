import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { connectDocker } from '../../src/io/docker/docker.ts'
import { resolveEndpoint } from '../../src/io/docker/endpoint.ts'
import { runShell } from '../../src/io/host/shell.ts'
import { openScratchServer } from '../../src/io/postgres/scratch-server.ts'
import { run } from '../support/engine/docker.ts'
import { dbmateImage, postgresImage } from '../support/engine/images.ts'
import { dbmateBinary } from '../support/postgres/native-project.ts'
import { root } from '../support/root.ts'
import type { Project } from '../support/tool/project.ts'
import type { Kind, World } from './world.ts'

export type Runner = { name: string; run: (world: World) => Promise<void>; kind?: Kind }

const bundle = join(root, 'dist/po-migrate.cjs')

type Variables = Record<string, string | undefined>
type Call = { env?: Variables; cwd?: string; expected?: number }

/** @throws Error with its stderr when it exits otherwise than expected. */
const call = async (
  command: readonly string[],
  { env = {}, cwd = root, expected = 0 }: Call = {},
): Promise<void> => {
  const [file = '', ...args] = command
  const { exit, stderr } = await run(file, args, { cwd, env })
  if (exit !== expected) throw new Error(`${command.join(' ')} answers ${exit}: ${stderr}`)
}

const verb =
  (words: string, expected = 0): Runner['run'] =>
  ({ project: { directory } }) =>
    call([process.execPath, bundle, ...words.split(' ')], {
      env: { XDG_STATE_HOME: join(directory, 'state') },
      cwd: directory,
      expected,
    })

export const tool: Runner = { name: 'po-migrate', run: verb('up dev') }

/** Its databases side by side. */
export const toolAbreast: Runner = { name: 'po-migrate --jobs 3', run: verb('up dev --jobs 3') }

/** The same with dbmate as a process, and no container. */
export const toolNative: Runner = { name: 'po-migrate, engine: native', run: verb('up bare') }

/** In another project, by the engine that these variables name. */
export const upIn =
  ({ directory }: Project, env: Variables): (() => Promise<void>) =>
  () =>
    call([process.execPath, bundle, 'up', 'dev'], { env, cwd: directory })

export const toolRehearsed: Runner = { name: 'po-migrate --rehearse', run: verb('up dev --rehearse schema') }

/** A run that ends as one does in which a file failed. */
export const failing: Runner = { name: 'po-migrate', run: verb('up dev', 1) }

export const drift: Runner = { name: 'po-migrate drift', run: verb('drift dev') }

/** An empty scratch server until it answers, by the code that rehearsals and drift start theirs with. */
export const scratch: Runner = {
  name: 'an empty scratch server',
  run: async ({ postgres }) => {
    const docker = await connectDocker(await resolveEndpoint(process.env, runShell))
    await using server = await openScratchServer(docker, {
      image: postgresImage,
      run: randomBytes(8).toString('hex'),
      environment: 'dev',
      user: 'postgres',
      postgres: postgres.container,
      databases: [],
      preload: '',
    })
    void server
  },
}

/** Not its maxRSS: Linux begins that with what the process had that started it, which here is the larger one. */
const tellPeak = `data:text/javascript,import{readFileSync}from"node:fs";
process.on("exit",()=>console.error(readFileSync("/proc/self/status","utf8")))`

/** MiB that the tool takes at most, of a run with nothing to do. */
export const peakMemory = async ({ project: { directory } }: World): Promise<number> => {
  const args = ['--import', tellPeak, bundle, 'up', 'dev']
  const env = { XDG_STATE_HOME: join(directory, 'state') }
  const { stderr } = await run(process.execPath, args, { cwd: directory, env })
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(stderr)?.[1]) / 1024)
}

/** One `docker run` a database. */
export const bash: Runner = {
  name: 'bash',
  run: ({ postgres, databases, directoryOf }) =>
    call(['bash', join(import.meta.dirname, 'plain-runner.sh')], {
      env: {
        DATABASES: databases.map((name) => `${name}:${directoryOf(name)}`).join(' '),
        NETWORK: postgres.network,
        PASSWORD: postgres.password,
        DBMATE_IMAGE: dbmateImage,
      },
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
      const env = { DATABASE_URL: url, DBMATE_MIGRATIONS_DIR: directoryOf(name) }
      await call([dbmateBinary, '--no-dump-schema', 'up'], { env })
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
        env: { DATABASE_URL: urlOf(postgres, `${name}_plain`) },
      })
  },
}

export const help: Runner = {
  name: 'po-migrate --help',
  run: () => call([process.execPath, bundle, '--help']),
}
export const node: Runner = { name: 'node -e 0', run: () => call([process.execPath, '-e', '0']) }
