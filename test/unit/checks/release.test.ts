import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runChecks } from '../../../src/checks/check.ts'
import { releaseChecks } from '../../../src/checks/release.ts'

let releases: string
beforeEach(() => {
  releases = mkdtempSync(join(tmpdir(), 'pmt-releases-'))
  mkdirSync(join(releases, 'shared'))
  writeFileSync(join(releases, 'shared/.env.shared'), '')
  for (const commit of ['1a2b', '3c4d']) {
    const compose = join(releases, 'qual/releases', commit, 'infrastructure/compose')
    mkdirSync(compose, { recursive: true })
    symlinkSync(join(releases, 'shared/.env.shared'), join(compose, '.env.shared'))
    writeFileSync(join(releases, 'qual/releases', commit, 'REVISION'), `${commit}\n`)
  }
  symlinkSync('releases/3c4d', join(releases, 'qual/current'))
})
afterEach(() => rmSync(releases, { recursive: true }))

const check = async (path: string) => {
  const [result] = await runChecks(releaseChecks(join(releases, path)), { environment: null, fix: false })
  return result
}

it('shows the release, its directory and what it shares', async () => {
  expect(await check('qual/current/infrastructure')).toMatchObject({
    status: 'ok',
    finding: `3c4d · ${releases}/qual/releases/3c4d · shared ${releases}/shared · current`,
  })
})

it('warns in a release that is not the current one', async () => {
  expect(await check('qual/releases/1a2b/infrastructure')).toMatchObject({
    status: 'warning',
    finding: expect.stringContaining('current is 3c4d'),
    remedy: `cd ${releases}/qual/current`,
  })
})

it('fails when the shared env file is missing', async () => {
  rmSync(join(releases, 'shared/.env.shared'))
  expect(await check('qual/current/infrastructure')).toMatchObject({
    status: 'failed',
    finding: `${releases}/shared/.env.shared is missing`,
  })
})

it('says nothing in a checkout', () => {
  expect(releaseChecks(join(releases, 'shared'))).toEqual([])
})
