import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { hashSources } from '../../../src/io/host/build.ts'
import { docker } from '../engine/docker.ts'
import { debianImage } from '../engine/images.ts'
import { root } from '../root.ts'

export const runnerImage = 'po-migrate-test/runner:1'

/** What the Dockerfile takes of a checkout that is installed and built. */
const context = [
  'bin',
  'dist',
  'package.json',
  'LICENSE',
  'Dockerfile',
  'node_modules/node/bin/node',
  `node_modules/@dbmate/linux-${process.arch}/bin/dbmate`,
]

const isFresh = (): boolean => {
  const sources = join(root, 'dist/SOURCES')
  return existsSync(sources) && readFileSync(sources, 'utf8').trim() === hashSources(root)
}

/** The runner image by the Dockerfile of this checkout, on a Debian that the tests have. */
export const buildRunnerImage = async (): Promise<void> => {
  if (!isFresh()) execFileSync(process.execPath, ['build.ts'], { cwd: root, stdio: 'ignore' })
  const directory = mkdtempSync(join(tmpdir(), 'pmt-runner-'))
  try {
    for (const path of context) cpSync(join(root, path), join(directory, path), { recursive: true })
    const bases = ['BUILD_IMAGE', 'BASE_IMAGE'].flatMap((name) => ['--build-arg', `${name}=${debianImage}`])
    await docker(['build', '--quiet', '--tag', runnerImage, '--build-arg', 'BUILD=true', ...bases, directory])
  } finally {
    rmSync(directory, { recursive: true })
  }
}

export type StoreImage = AsyncDisposable & { image: string }

/** An image that holds a store, as docs/runner.md has it: `files` by their path below /project. */
export const buildStoreImage = async (
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<StoreImage> => {
  const directory = mkdtempSync(join(tmpdir(), 'pmt-store-'))
  const image = `po-migrate-test/store-${name}:1`
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, 'work', path)), { recursive: true })
      writeFileSync(join(directory, 'work', path), text)
    }
    writeFileSync(join(directory, 'Dockerfile'), `FROM ${runnerImage}\nCOPY work /project\n`)
    await docker(['build', '--quiet', '--tag', image, directory])
  } finally {
    rmSync(directory, { recursive: true })
  }
  return { image, [Symbol.asyncDispose]: async () => void (await docker(['image', 'rm', image])) }
}
