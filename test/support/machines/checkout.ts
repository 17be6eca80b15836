import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const root = fileURLToPath(new URL('../../..', import.meta.url))

export type CommandResult = { exit: number; stdout: string; stderr: string; all: string }

export type Checkout = AsyncDisposable & {
  directory: string
  /** The overridable names of this checkout's Docker objects: never those of a developer. */
  names: Record<string, string>
  run: (command: string, options?: { cwd?: string; env?: Record<string, string> }) => Promise<CommandResult>
}

const ownNames = (): Record<string, string> => {
  const prefix = `pmt-${randomBytes(3).toString('hex')}`
  return {
    PO_VOLUME: `${prefix}-data`,
    PO_DEV_NETWORK: `${prefix}-dev-network`,
    PO_SHARED_NETWORK: `${prefix}-shared-network`,
    PO_DEV_PROJECT: `${prefix}-dev`,
    PO_SHARED_PROJECT: `${prefix}-shared`,
    PO_QUAL_PROJECT: `${prefix}-qual`,
    PO_PROD_PROJECT: `${prefix}-prod`,
    PO_HEALTH_INTERVAL: '1s',
    PO_STATE: mkdtempSync(join(tmpdir(), 'po-migrate-state-')),
  }
}

/** The shell that runs the tests, without what vitest and npm added to it. */
const shellEnv = (): Record<string, string | undefined> => {
  const added = /^(npm_(?!config_)|VITEST|NODE_ENV$|TEST$|PROD$|DEV$|MODE$|BASE_URL$|SSR$|FORCE_COLOR$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !added.test(name)))
}

const copyTracked = (directory: string): void => {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  })
  for (const file of files.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    cpSync(join(root, file), join(directory, file), { force: true })
  }
  execFileSync('git', ['init', '--quiet'], { cwd: directory })
}

const removeObjects = async (names: Record<string, string>): Promise<void> => {
  const projects = Object.entries(names).filter(([key]) => key.endsWith('_PROJECT'))
  for (const [, project] of projects) {
    const filter = `label=com.docker.compose.project=${project}`
    const { stdout } = await execa('docker', ['ps', '-aq', '--filter', filter])
    if (stdout) await execa('docker', ['rm', '--force', ...stdout.split('\n')])
  }
  const { PO_DEV_NETWORK = '', PO_SHARED_NETWORK = '', PO_VOLUME = '' } = names
  await execa('docker', ['network', 'rm', PO_DEV_NETWORK, PO_SHARED_NETWORK], { reject: false })
  const copies = ['volume', 'ls', '--quiet', '--filter', `label=po-migrate.copy-of=${PO_VOLUME}`]
  const { stdout } = await execa('docker', copies)
  await execa('docker', ['volume', 'rm', PO_VOLUME, ...stdout.split('\n').filter(Boolean)], { reject: false })
}

export type CheckoutOptions = {
  /** Links the installed packages and the built bundle in, as after `npm ci && npm run build`. */
  installed: boolean
}

/** A clone of this checkout in a directory of its own, as a newcomer would have it. */
export const makeCheckout = async ({ installed }: CheckoutOptions): Promise<Checkout> => {
  const directory = mkdtempSync(join(tmpdir(), 'po-migrate-checkout-'))
  copyTracked(directory)
  if (installed) {
    execFileSync('cp', ['-al', join(root, 'node_modules'), join(directory, 'node_modules')])
    execFileSync('touch', [join(directory, 'node_modules')])
    cpSync(join(root, 'dist'), join(directory, 'dist'), { recursive: true })
    execFileSync('touch', [join(directory, 'dist', 'po-migrate.cjs')])
  }
  const names = ownNames()
  return {
    directory,
    names,
    run: async (command, { cwd = directory, env = {} } = {}) => {
      const options = {
        cwd,
        env: { ...shellEnv(), ...names, ...env },
        extendEnv: false,
        reject: false,
        all: true,
      } as const
      const { exitCode, stdout, stderr, all } = await execa('bash', ['-c', command], {
        ...options,
        stdin: 'ignore',
      })
      return { exit: exitCode ?? -1, stdout, stderr, all }
    },
    [Symbol.asyncDispose]: async () => {
      await removeObjects(names)
      rmSync(directory, { recursive: true, force: true })
      rmSync(names.PO_STATE ?? '', { recursive: true, force: true })
    },
  }
}
