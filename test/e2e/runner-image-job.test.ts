import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { docker } from '../support/engine/docker.ts'
import { debianImage } from '../support/engine/images.ts'
import { startRegistry, type TestRegistry } from '../support/engine/registry.ts'
import { type Checkout, makeCheckout } from '../support/machines/checkout.ts'
import { deployEnv, installGitlab, registryVariables, runGitlab } from '../support/machines/gitlab.ts'
import { root } from '../support/root.ts'

const builder = 'po-migrate-test/builder:1'
const open = new AsyncDisposableStack()
let registry: TestRegistry
let clone: Checkout

/** In place of node:24-trixie-slim: what `npm ci && npm run build` makes is there already, and npm does nothing. */
const makeBuilder = async (): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'pmt-builder-'))
  const made = ['dist', 'node_modules/node/bin/node', `node_modules/@dbmate/linux-${process.arch}/bin/dbmate`]
  for (const path of made) cpSync(join(root, path), join(directory, 'made', path), { recursive: true })
  const npm = "RUN printf '#!/bin/sh\\n' >/usr/local/bin/npm && chmod 755 /usr/local/bin/npm"
  writeFileSync(join(directory, 'Dockerfile'), `FROM ${debianImage}\nCOPY made /build\n${npm}\n`)
  await docker(['build', '--quiet', '--tag', builder, directory])
  rmSync(directory, { recursive: true })
}

beforeAll(async () => {
  await installGitlab()
  await makeBuilder()
  registry = open.use(await startRegistry())
  clone = open.use(await makeCheckout({ installed: false }))
})
afterAll(async () => {
  await open.disposeAsync()
  await docker(['image', 'rm', builder])
})

it('the job build-runner-image builds the image, runs it as it is meant to be run, and pushes it', async () => {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example', ...args], {
      cwd: clone.directory,
      encoding: 'utf8',
    }).trim()
  git('checkout', '--quiet', '-B', 'main')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'First')
  const image = `${registry.address}/po/po-migrate:${git('rev-parse', 'HEAD')}`
  const { DOCKER_HOST = '' } = process.env
  try {
    const { exit, all } = await runGitlab(['build-runner-image'], {
      cwd: clone.directory,
      // A login of its own.
      env: {
        ...deployEnv(),
        ...(DOCKER_HOST && { DOCKER_HOST }),
        DOCKER_CONFIG: join(clone.directory, '.docker'),
      },
      variables: { ...registryVariables(registry), BUILD_IMAGE: builder, BASE_IMAGE: debianImage },
    })
    expect(exit, all).toBe(0)
    expect(all).toMatch(/> \d+\.\d+\.\d+\n/)
    expect(all).not.toContain(registry.login.password)
    await docker(['image', 'rm', image])
    await docker(['pull', '--quiet', image], { env: { DOCKER_CONFIG: registry.configs.login } })
    expect(await docker(['run', '--rm', '--entrypoint', 'dbmate', image, '--version'])).toContain('2.36.0')
  } finally {
    await docker(['image', 'rm', '--force', image])
  }
})
