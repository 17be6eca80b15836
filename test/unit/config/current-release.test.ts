import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { throughCurrent } from '../../../src/config/current-release.ts'
import { temporaryDirectory } from '../support/fixtures.ts'

const compose = 'infrastructure/compose/shared.yml'
let releases: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  releases = temporaryDirectory()
  for (const commit of ['1a', '2b']) releases.write(`prod/releases/${commit}/REVISION`, commit)
  symlinkSync('releases/2b', join(releases.path, 'prod/current'))
})
afterEach(() => releases[Symbol.dispose]())

const at = (path: string): string => join(releases.path, path)
const hostOf = (file: string) => ({ name: 'vps', stack: { file, project: 'po-shared' } })

describe('a stack that is to start from a release', () => {
  it('starts through current, where that is the same release', () => {
    expect(throughCurrent(hostOf(at(`prod/releases/2b/${compose}`)))).toEqual(
      hostOf(at(`prod/current/${compose}`)),
    )
  })

  it('is left as it is where the path leads through current already, or through no release', () => {
    for (const file of [at(`prod/current/${compose}`), at(compose), '/srv/app/releases/1/compose.yml'])
      expect(throughCurrent(hostOf(file))).toEqual(hostOf(file))
    expect(throughCurrent({ name: 'vps' })).toEqual({ name: 'vps' })
  })

  it('is refused in another release, with where to go', () => {
    expect(() => throughCurrent(hostOf(at(`prod/releases/1a/${compose}`)))).toThrow(
      expect.objectContaining({
        exitCode: 4,
        message: expect.stringContaining(`${at('prod/releases/1a')} is not the current release`),
        hint: `cd ${at('prod/current')}, and the same again`,
      }),
    )
  })

  it('is refused before any release is current, with the command that makes it so', () => {
    rmSync(at('prod/current'))
    mkdirSync(at('other'))
    expect(() => throughCurrent(hostOf(at(`prod/releases/1a/${compose}`)))).toThrow(
      expect.objectContaining({ exitCode: 4, hint: expect.stringContaining('release.sh activate prod') }),
    )
  })
})
