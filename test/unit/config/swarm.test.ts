import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import {
  hostEnvironments,
  hostNetworks,
  requireVolumeHere,
  resolveEnvironment,
} from '../../../src/config/resolve.ts'
import { makeProject, migration, type ProjectConfig } from '../../support/tool/project.ts'

const withSwarm = (
  edit: (config: ProjectConfig) => void,
  check: (load: () => ReturnType<typeof loadConfig>) => void,
): void => {
  using project = makeProject({
    network: 'net',
    store: { shop: { '1_a.sql': migration('') } },
    edit: (config) => {
      const { password } = config.environments.dev
      config.environments.dev = { engine: 'swarm', service: 'shop_postgres', password }
      edit(config)
    },
  })
  check(() => loadConfig({ cwd: project.directory, env: {} }))
}
const asIs = (): void => {}

describe('engine: swarm', () => {
  it.each([
    [
      'service',
      /^environments\.dev\.service: is needed by the swarm engine, or server; write e\.g\. service: shop_postgres/,
    ],
    [
      'password',
      /^environments\.dev\.password: is needed by the swarm engine; write e\.g\. password: \{ env_file: \.env \}/,
    ],
  ])('needs a %s, and says what to write', (key, said) => {
    withSwarm(
      ({ environments }) => delete environments.dev[key],
      (load) =>
        expect(load).toThrow(
          expect.objectContaining({ exitCode: 2, details: [expect.stringMatching(said)] }),
        ),
    )
  })

  it('takes the network from the service, and no name that compose would give one', () => {
    withSwarm(asIs, (load) =>
      expect(resolveEnvironment(load(), 'dev')).toMatchObject({
        engine: 'swarm',
        service: 'shop_postgres',
        network: '',
      }),
    )
  })

  it('needs no network on a host that is reached by ssh', () => {
    const edit = (config: ProjectConfig): void => {
      config.hosts = { away: { ssh: 'deploy@example.org', machine: 'manager' } }
      config.environments.dev.host = 'away'
    }
    withSwarm(edit, (load) => expect(resolveEnvironment(load(), 'dev').host.ssh).toBe('deploy@example.org'))
  })

  it('has no stack to start and no volume to cut over, and is none of the environments of one that has', () => {
    withSwarm(asIs, (load) => {
      expect(() => requireVolumeHere(load(), 'dev')).toThrow(
        expect.objectContaining({ exitCode: 2, message: expect.stringContaining('needs one machine') }),
      )
      expect(hostEnvironments(load(), 'local')).toEqual([])
      expect(hostNetworks(load(), 'local')).toEqual([])
    })
  })
})
