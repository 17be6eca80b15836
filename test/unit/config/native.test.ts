import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { dbmateBinary, requireVolumeHere, resolveEnvironment } from '../../../src/config/resolve.ts'
import { makeProject, migration, type ProjectConfig } from '../../support/tool/project.ts'

const withNative = (
  edit: (config: ProjectConfig) => void,
  check: (load: () => ReturnType<typeof loadConfig>, directory: string) => void,
): void => {
  using project = makeProject({
    network: 'net',
    store: { shop: { '1_a.sql': migration('') } },
    edit: (config) => {
      config.environments.dev = { engine: 'native', server: { host: 'db' } }
      edit(config)
    },
  })
  check(() => loadConfig({ cwd: project.directory, env: {} }), project.directory)
}

describe('engine: native', () => {
  it('needs a server, and says what to write', () => {
    const edit = ({ environments }: ProjectConfig): void => {
      delete environments.dev.server
    }
    withNative(edit, (load) =>
      expect(load).toThrow(
        expect.objectContaining({
          exitCode: 2,
          details: [
            expect.stringMatching(
              /^environments\.dev\.server: is needed by the native engine; write e\.g\. server: \{ url_env: DATABASE_URL \}/,
            ),
          ],
        }),
      ),
    )
  })

  it('needs neither a host nor a network, and a network that stands there for another engine is none of its own', () => {
    const edit = ({ environments }: ProjectConfig): void => {
      environments.dev.network = 'default'
    }
    withNative(edit, (load) =>
      expect(resolveEnvironment(load(), 'dev')).toMatchObject({
        engine: 'native',
        host: { name: 'local' },
        network: '',
        server: 'db:5432',
      }),
    )
  })

  it('finds its program beside the config, or leaves it to the PATH', () => {
    const edit = (config: ProjectConfig): void => {
      config.dbmate = { binary: '../bin/dbmate' }
    }
    withNative(edit, (load, directory) => expect(dbmateBinary(load())).toBe(`${directory}/bin/dbmate`))
    withNative(
      () => {},
      (load) => expect(dbmateBinary(load())).toBeUndefined(),
    )
  })

  it('has no stack to start and no volume to cut over', () => {
    withNative(
      () => {},
      (load) =>
        expect(() => requireVolumeHere(load(), 'dev')).toThrow(
          expect.objectContaining({ exitCode: 2, message: expect.stringContaining('Docker') }),
        ),
    )
  })
})
