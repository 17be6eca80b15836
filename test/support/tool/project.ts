import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { dbmateImage } from '../engine/images.ts'

/** Files below the store: `{ iam: { '00001_a.sql': '…' } }`. */
export type Store = Record<string, Record<string, string>>

export type ProjectOptions = {
  network: string
  store: Store
  /** Value written as `POSTGRES_PASSWORD='…'`. */
  password?: string
  /** Its `state:`, from the config; left out: the one of whoever runs it. */
  state?: string
  /** Where the config is written, below the project. */
  places?: readonly string[]
  /** Changes the config before it is written. */
  edit?: ((config: ProjectConfig) => void) | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: tests write wrong configs on purpose
export type ProjectConfig = Record<string, any>

export type Project = Disposable & {
  directory: string
  write: (path: string, text: string) => void
  migrations: (store: Store) => void
}

/** A migration by dbmate's rules. */
export const migration = (up: string, down = ''): string =>
  `-- migrate:up\n${up}\n\n-- migrate:down\n${down}\n`

/** Another project that adopts the tool by writing its own file: one environment, `dev`, on the given network. */
export const makeProject = ({
  network,
  store,
  password = 'postgres',
  places = ['infrastructure/migrate.yaml'],
  state,
  edit,
}: ProjectOptions): Project => {
  const directory = mkdtempSync(join(tmpdir(), 'po-migrate-project-'))
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  const migrations = (files: Store): void => {
    for (const [database, entries] of Object.entries(files))
      for (const [file, text] of Object.entries(entries))
        write(`infrastructure/migrations/${database}/${file}`, text)
  }
  const config: ProjectConfig = {
    project: 'shop',
    ...(state && { state }),
    dbmate: { image: dbmateImage },
    hosts: { local: {} },
    environments: {
      dev: {
        host: 'local',
        network,
        password: { env_file: 'postgres.env' },
        wait: 20,
        policy: { out_of_order: 'allow', missing: 'allow', warnings: 'allow' },
        // A test of something else need not wait for a scratch server.
        rehearse: 'off',
      },
    },
  }
  edit?.(config)
  for (const place of places) write(place, stringify(config))
  write('infrastructure/postgres.env', `POSTGRES_PASSWORD='${password}'\n`)
  migrations(store)
  return {
    directory,
    write,
    migrations,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}
