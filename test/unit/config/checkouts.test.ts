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
    edit: (config) => {
      config.state = 'state'
      edit(config)
    },
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
