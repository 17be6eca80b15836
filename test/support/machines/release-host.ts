import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { docker } from '../engine/docker.ts'
import { dbmateImage, postgresImage } from '../engine/images.ts'
import { type Checkout, type CommandResult, makeCheckout } from './checkout.ts'
import { type Sshd, startSshd } from './sshd.ts'

export type ReleaseHost = AsyncDisposable & {
  sshd: Sshd
  /** RELEASES on the host. */
  releases: string
  /** The clone from which a job or a laptop delivers; no Docker answers there. */
  clone: Checkout
  /** PO_VPS_SSH of whoever delivers. */
  destination: string
  password: string
  git: (...args: string[]) => string
  /** Writes files into the clone, commits them, builds the bundle; answers the commit. */
  commit: (files?: Record<string, string>) => string
  /** What a laptop has set: the host's address, an ssh that knows it, no Docker. */
  env: Record<string, string>
  /** A command of the clone on that laptop. */
  run: (command: string, env?: Record<string, string>) => Promise<CommandResult>
  /** For sessions of the test; its Postgres runs after `start vps`. */
  postgres: () => Promise<{ address: string; password: string }>
  psql: (database: string, sql: string) => Promise<string>
}

const password = `it's p@ss:word/$HOME #2`

/** Everything that is on the PATH, without Node. */
const pathWithoutNode = (directory: string): string => {
  mkdirSync(directory)
  for (const place of ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'])
    for (const name of existsSync(place) ? readdirSync(place) : [])
      if (!/^(node|npm|npx|corepack)/.test(name) && !existsSync(join(directory, name)))
        symlinkSync(join(place, name), join(directory, name))
  return directory
}

/** docker's own directory on the host, where a login is written; its plugins are the engine's. */
const dockerConfig = (directory: string): string => {
  mkdirSync(directory)
  const plugins = join(process.env.DOCKER_CONFIG ?? join(userInfo().homedir, '.docker'), 'cli-plugins')
  if (existsSync(plugins)) symlinkSync(plugins, join(directory, 'cli-plugins'))
  return directory
}

/** A VPS with Docker, the tests' where no other is named, and without Node, to which releases are delivered from a clone. */
export const startReleaseHost = async ({
  engine = process.env.DOCKER_HOST ?? '',
} = {}): Promise<ReleaseHost> => {
  const clone = await makeCheckout({ installed: true })
  const directory = mkdtempSync(join(tmpdir(), 'pmt-host-'))
  const releases = join(directory, 'releases of po')
  const sshd = await startSshd({
    ...clone.names,
    PATH: pathWithoutNode(join(directory, 'bin')),
    ...(engine && { DOCKER_HOST: engine }),
    DOCKER_CONFIG: dockerConfig(join(directory, 'docker')),
    PO_POSTGRES_IMAGE: postgresImage,
    PO_DBMATE_IMAGE: dbmateImage,
  })
  mkdirSync(join(releases, 'shared'), { recursive: true })
  writeFileSync(
    join(releases, 'shared/.env.shared'),
    `POSTGRES_PASSWORD='${password.replaceAll("'", "\\'")}'\n`,
    { mode: 0o600 },
  )
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example', ...args], {
      cwd: clone.directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  git('checkout', '--quiet', '-B', 'main')
  const commit = (files: Record<string, string> = {}): string => {
    for (const [file, text] of Object.entries(files)) writeFileSync(join(clone.directory, file), text)
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', 'Next')
    execFileSync(process.execPath, ['build.ts'], { cwd: clone.directory })
    return git('rev-parse', 'HEAD')
  }
  commit()
  const destination = `ssh://${userInfo().username}@127.0.0.1:${sshd.port}`
  const env = {
    PATH: `${sshd.client()}:${process.env.PATH}`,
    DOCKER_HOST: 'unix:///no/docker/here.sock',
    PO_VPS_SSH: destination,
    PO_VPS_MACHINE: 'po-vps',
    PO_VPS_RELEASES: releases,
  }
  const container = `${clone.names.PO_SHARED_PROJECT}-postgres-1`
  return {
    sshd,
    releases,
    clone,
    destination,
    password,
    git,
    commit,
    env,
    run: (command, more = {}) => clone.run(command, { env: { ...env, ...more } }),
    postgres: async () => {
      const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
      return { address: await docker(['inspect', '--format', format, container]), password }
    },
    psql: (database, sql) =>
      docker(['exec', container, 'psql', '-U', 'postgres', '-d', database, '-XAtqc', sql]),
    [Symbol.asyncDispose]: async () => {
      await sshd[Symbol.asyncDispose]()
      await clone[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
