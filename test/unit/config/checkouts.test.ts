import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { supplyEnvironment } from '../../../src/config/checkouts.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { stateOf } from '../../../src/config/state.ts'
import { makeProject, type Project, type ProjectConfig } from '../../support/tool/project.ts'

const checkout = (edit: (config: ProjectConfig) => void): Project =>
  makeProject({
    network: 'none',
    store: { a: { '00001_a.sql': '' } },
    state: 'state',
    edit,
  })

const suppliedBy = (here: Project, there: Project) => {
  const config = loadConfig({ cwd: here.directory, env: {} })
  const pinned = join(there.directory, 'infrastructure/migrate.yaml')
  return { config, supplied: () => supplyEnvironment(config, 'dev', { env: {}, pinned }) }
}

describe('the checkout of an environment', () => {
  it("of an older release, which names no project, goes by this run's project and state", () => {
    using here = checkout(() => {})
    using there = checkout((config) => delete config.project)
    const { config, supplied } = suppliedBy(here, there)
    const { config: theirs, environment } = supplied()
    expect(theirs.file).toContain(there.directory)
    expect(stateOf(theirs, environment.host, {})).toMatchObject({
      root: stateOf(config, environment.host, {}).root,
      project: 'shop',
    })
  })

  it("is refused when it is another project's, whose migrations these databases never had", () => {
    using here = checkout(() => {})
    using there = checkout((config) => Object.assign(config, { project: 'other' }))
    expect(suppliedBy(here, there).supplied).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringContaining('The checkout of dev is of the project other'),
      }),
    )
  })
})

describe('where the checkout of an environment is', () => {
  const shared = (there: string, change: (config: ProjectConfig) => void = () => {}): Project =>
    checkout((config) => {
      config.hosts.vps = {
        ssh: 'me@vps',
        machine: 'vps',
        releases: join(there, 'releases'),
        volume: 'v',
        stack: { file: 'a.yml', project: 'a' },
      }
      config.environments.qual = { ...config.environments.dev, host: 'vps', network: 'shared' }
      change(config)
    })
  const release = (there: Project): void => {
    mkdirSync(join(there.directory, 'releases/qual'), { recursive: true })
    symlinkSync(there.directory, join(there.directory, 'releases/qual/current'))
  }
  const supply = (here: Project, pinned?: string) =>
    supplyEnvironment(loadConfig({ cwd: here.directory, env: {} }), 'qual', { env: {}, pinned })
  const fileOf = ({ directory }: Project): string => join(directory, 'infrastructure/migrate.yaml')

  it('is this one, where no other is named and no release is there', () => {
    using nowhere = checkout(() => {})
    using here = shared(nowhere.directory)
    expect(supply(here).config.file).toBe(fileOf(here))
    expect(supply(here, fileOf(here)).config.file).toBe(fileOf(here))
  })

  it('is its release on the host, by its real path', () => {
    using there = shared('/nowhere')
    release(there)
    using here = shared(there.directory)
    const { config, environment } = supply(here)
    expect(config.file).toBe(fileOf(there))
    expect(environment.host.releases).toBe(join(there.directory, 'releases'))
  })

  it('is the one that the host names for it, before any release', () => {
    using there = shared('/nowhere')
    release(there)
    using named = shared('/nowhere')
    using here = shared(there.directory, ({ hosts }) => {
      hosts.vps.cutover = { checkouts: { qual: named.directory } }
    })
    expect(supply(here).config.file).toBe(fileOf(named))
  })

  it('has to be there still, where a run began with it', () => {
    using here = shared('/nowhere')
    expect(() => supply(here, '/gone/migrate.yaml')).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringContaining('is gone: /gone/migrate.yaml'),
      }),
    )
  })

  it.each<[string, (config: ProjectConfig) => void]>([
    ['network', ({ environments }) => (environments.qual.network = 'other')],
    ['volume', ({ hosts }) => (hosts.vps.volume = 'other')],
  ])('has to mean the same server: not another %s', (_, change) => {
    using there = shared('/nowhere', change)
    release(there)
    using here = shared(there.directory)
    expect(() => supply(here)).toThrow(
      expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('release.sh sync qual') }),
    )
    using naming = shared('/nowhere', ({ hosts }) => {
      hosts.vps.cutover = { checkouts: { qual: there.directory } }
    })
    expect(() => supply(naming)).toThrow(
      expect.objectContaining({ exitCode: 2, hint: 'correct hosts.vps.cutover.checkouts.qual' }),
    )
  })
})
