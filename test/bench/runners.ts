import { join } from 'node:path'
import { run } from '../support/engine/docker.ts'
import { dbmateImage } from '../support/engine/images.ts'
import type { World } from './world.ts'

export type Runner = { name: string; run: (world: World) => Promise<void> }

const root = join(import.meta.dirname, '../..')
const bundle = join(root, 'dist/po-migrate.cjs')
const dbmate = join(root, `node_modules/@dbmate/${process.platform}-${process.arch}/bin/dbmate`)

/** @throws Error with its stderr when it fails. */
const call = async (command: readonly string[], env: Record<string, string>, cwd = root): Promise<void> => {
  const [file = '', ...args] = command
  const { exit, stderr } = await run(file, args, { cwd, env })
  if (exit !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
}

export const tool: Runner = {
  name: 'po-migrate',
  run: ({ project: { directory } }) =>
    call([process.execPath, bundle, 'up', 'dev'], { XDG_STATE_HOME: join(directory, 'state') }, directory),
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

/** dbmate's own binary, once a database, without Docker: no container, and nothing that the tool adds. */
export const native: Runner = {
  name: 'dbmate',
  run: async ({ postgres, databases, directoryOf }) => {
    const password = encodeURIComponent(postgres.password)
    for (const name of databases) {
      const url = `postgres://postgres:${password}@${postgres.address}:5432/${name}?sslmode=disable`
      await call([dbmate, '--no-dump-schema', 'up'], {
        DATABASE_URL: url,
        DBMATE_MIGRATIONS_DIR: directoryOf(name),
      })
    }
  },
}

export const help: Runner = {
  name: 'po-migrate --help',
  run: () => call([process.execPath, bundle, '--help'], {}),
}
export const node: Runner = { name: 'node -e 0', run: () => call([process.execPath, '-e', '0'], {}) }
