import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CommandResult, docker, run, uniqueName } from '../engine/docker.ts'
import { dbmateImage, postgresImage } from '../engine/images.ts'

export type Stacks = AsyncDisposable & {
  /** A checkout: `infrastructure/` as it stands in this repository. */
  directory: string
  /** The PO_* names under which nothing touches a real stack. */
  env: Record<string, string>
  write: (path: string, text: string, mode?: number) => void
  /** `docker compose` for one of the files in `infrastructure/compose`. */
  compose: (file: string, ...args: string[]) => Promise<CommandResult>
}

const source = join(import.meta.dirname, '../../../infrastructure')
const parts = ['compose', 'scripts', 'migrations', 'migrate.yaml']
const files = ['qualification', 'production', 'shared', 'development']

/** A copy of the platform's stacks with names of its own; everything that it starts goes with it. */
export const makeStacks = (): Stacks => {
  const prefix = uniqueName('stacks')
  const directory = mkdtempSync(join(tmpdir(), 'pmt-stacks-'))
  for (const part of parts)
    cpSync(join(source, part), join(directory, 'infrastructure', part), {
      recursive: true,
      filter: (path) => !/\.env\.(shared|development)$/.test(path),
    })
  mkdirSync(join(directory, 'state'), { mode: 0o700 })
  const env = {
    PO_VOLUME: `${prefix}-data`,
    PO_DEV_NETWORK: `${prefix}-dev`,
    PO_SHARED_NETWORK: `${prefix}-shared`,
    PO_DEV_PROJECT: `${prefix}-pdev`,
    PO_SHARED_PROJECT: `${prefix}-pshared`,
    PO_QUAL_PROJECT: `${prefix}-pqual`,
    PO_PROD_PROJECT: `${prefix}-pprod`,
    PO_POSTGRES_IMAGE: postgresImage,
    PO_DBMATE_IMAGE: dbmateImage,
    PO_HEALTH_INTERVAL: '1s',
    PO_STATE: join(directory, 'state'),
    PO_VPS_MACHINE: 'the-vps',
    PO_VPS_SSH: 'deploy@the-vps',
    REGISTRY: `127.0.0.1:1/${prefix}`,
    IMAGE_TAG: 'trial',
  }
  const compose = (file: string, ...args: string[]): Promise<CommandResult> =>
    run('docker', ['compose', '--file', join(directory, 'infrastructure/compose', `${file}.yml`), ...args], {
      env,
    })
  return {
    directory,
    env,
    compose,
    write: (path, text, mode = 0o644) => writeFileSync(join(directory, path), text, { mode }),
    [Symbol.asyncDispose]: async () => {
      for (const file of files) await compose(file, 'down', '--timeout', '0', '--remove-orphans')
      for (const network of [env.PO_DEV_NETWORK, env.PO_SHARED_NETWORK])
        await docker(['network', 'rm', network]).catch(() => {})
      const copies = await docker([
        'volume',
        'ls',
        '-q',
        '--filter',
        `label=po-migrate.copy-of=${env.PO_VOLUME}`,
      ])
      for (const volume of [env.PO_VOLUME, ...copies.split('\n').filter(Boolean)])
        await docker(['volume', 'rm', volume]).catch(() => {})
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
