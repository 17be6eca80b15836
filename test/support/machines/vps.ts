import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { docker } from '../engine/docker.ts'
import { dbmateImage, postgresImage } from '../engine/images.ts'
import { type ProcessOptions, startTool, type ToolProcess } from '../tool/process.ts'
import type { ToolResult } from '../tool/tool.ts'
import { type Checkout, makeCheckout } from './checkout.ts'
import { alias, type Sshd, startSshd } from './sshd.ts'

export type Vps = AsyncDisposable & {
  sshd: Sshd
  /** The checkout there, with its `.env.shared`. */
  checkout: Checkout
  password: string
  /** The commit of that checkout. */
  commit: string
  /** Its Postgres, for sessions of the test; it runs after `start vps`. */
  postgres: () => Promise<{
    address: string
    password: string
    psql: (database: string, sql: string) => Promise<string>
  }>
}

const password = `it's p@ss:word/$HOME #1`

/** Another machine: a login by ssh, a checkout with the bundle and `.env.shared`, Docker objects of its own. */
export const startVps = async (env: Record<string, string> = {}): Promise<Vps> => {
  const checkout = await makeCheckout({ installed: true })
  const { PATH = '', DOCKER_HOST = '', DOCKER_CONFIG = '' } = process.env
  const sshd = await startSshd({
    ...checkout.names,
    PATH,
    ...(DOCKER_HOST && { DOCKER_HOST }),
    ...(DOCKER_CONFIG && { DOCKER_CONFIG }),
    PO_POSTGRES_IMAGE: postgresImage,
    PO_DBMATE_IMAGE: dbmateImage,
    ...env,
  })
  writeFileSync(
    join(checkout.directory, 'infrastructure/compose/.env.shared'),
    `POSTGRES_PASSWORD='${password.replaceAll("'", "\\'")}'\n`,
    { mode: 0o600 },
  )
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example', ...args], {
      cwd: checkout.directory,
      encoding: 'utf8',
    }).trim()
  git('add', '--all')
  git('commit', '--quiet', '--message', 'As delivered')
  const container = `${checkout.names.PO_SHARED_PROJECT}-postgres-1`
  return {
    sshd,
    checkout,
    password,
    commit: git('rev-parse', 'HEAD'),
    postgres: async () => ({
      address: await docker([
        'inspect',
        '--format',
        '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
        container,
      ]),
      password,
      psql: (database, sql) =>
        docker(['exec', container, 'psql', '-U', 'postgres', '-d', database, '-XAtqc', sql]),
    }),
    [Symbol.asyncDispose]: async () => {
      await sshd[Symbol.asyncDispose]()
      await checkout[Symbol.asyncDispose]()
    },
  }
}

const root = join(import.meta.dirname, '../../..')

export type LaptopOptions = {
  /** A directory with `ssh` in it, from `sshd.client`. */
  client: string
  env?: Record<string, string | undefined>
}

/** The environment of a laptop without Docker that knows the VPS by its alias. */
export const laptopEnv = (vps: Vps, { client, env }: LaptopOptions): Record<string, string | undefined> => ({
  PATH: `${client}:${process.env.PATH}`,
  HOME: process.env.HOME,
  LANG: 'C.UTF-8',
  DOCKER_HOST: 'unix:///no/docker/here.sock',
  PO_VPS_SSH: alias,
  PO_VPS_MACHINE: 'po-vps',
  PO_VPS_DIRECTORY: vps.checkout.directory,
  PO_STATE: vps.checkout.names.PO_STATE,
  ...env,
})

/** The built tool of this repository, typed on that laptop. */
export const startOnLaptop = (vps: Vps, args: readonly string[], options: LaptopOptions): ToolProcess =>
  startTool(args, {
    cwd: root,
    env: { DOCKER_CONTEXT: undefined, DOCKER_CONFIG: undefined, ...laptopEnv(vps, options) },
    entry: join(root, 'dist/po-migrate.cjs'),
  } satisfies ProcessOptions)

export const runOnLaptop = (vps: Vps, args: readonly string[], options: LaptopOptions): Promise<ToolResult> =>
  startOnLaptop(vps, args, options).ended
