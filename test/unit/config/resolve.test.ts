import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { databaseNames, resolveDatabases } from '../../../src/config/databases.ts'
import { type Config, loadConfig } from '../../../src/config/load.ts'
import { hostNetworks, resolveEnvironment, resolveHost } from '../../../src/config/resolve.ts'
import { makeProject, migration, type ProjectConfig } from '../../support/tool/project.ts'

const store = { rag: { '1_a.sql': migration('') }, iam: { '1_a.sql': migration('') } }

const withConfig = (edit: (config: ProjectConfig) => void, check: (config: Config) => void): void => {
  using project = makeProject({ network: 'net', store, edit })
  project.write('infrastructure/migrations/README.md', 'not a database')
  project.write('infrastructure/migrations/.hidden/1_a.sql', migration(''))
  check(loadConfig({ cwd: project.directory, env: {} }))
}

const named = (config: ProjectConfig): void => {
  config.databases = { rag: { search_path: 'app', migrations_table: 'versions' }, iam: null, calendar: null }
}

describe('the managed databases', () => {
  it("are the config's, in its order", () => {
    withConfig(named, (config) => expect(databaseNames(config)).toEqual(['rag', 'iam', 'calendar']))
  })

  it('are the directories of the store when the config names none: no files, nothing hidden', () => {
    withConfig(
      () => {},
      (config) => expect(databaseNames(config)).toEqual(['iam', 'rag']),
    )
  })

  it('are an error of the config when the store is missing', () => {
    withConfig(
      (config) => {
        config.migrations = 'nowhere'
      },
      (config) =>
        expect(() => databaseNames(config)).toThrow(
          expect.objectContaining({ exitCode: 2, message: expect.stringContaining('nowhere') }),
        ),
    )
  })

  it('have the suffix on the server only, and a directory below the store', () => {
    withConfig(named, (config) => {
      const directory = join(config.directory, 'migrations')
      expect(resolveDatabases(config, '_qual').slice(0, 2)).toEqual([
        {
          name: 'rag',
          database: 'rag_qual',
          directory: join(directory, 'rag'),
          migrationsTable: 'versions',
          searchPath: 'app',
        },
        {
          name: 'iam',
          database: 'iam_qual',
          directory: join(directory, 'iam'),
          migrationsTable: 'schema_migrations',
        },
      ])
    })
  })

  it('are refused where Postgres would cut their names, and two could be one', () => {
    const edit = (config: ProjectConfig): void => {
      config.databases = { ['a'.repeat(59)]: null }
    }
    withConfig(edit, (config) => {
      expect(resolveDatabases(config, '_dev')).toHaveLength(1)
      expect(() => resolveDatabases(config, '_qual')).toThrow(
        expect.objectContaining({ exitCode: 2, message: expect.stringContaining('has 64 bytes') }),
      )
    })
  })

  it('that are named keep the order of the config, each once', () => {
    withConfig(named, (config) => {
      const only = resolveDatabases(config, '', ['iam', 'rag', 'iam'])
      expect(only.map(({ name }) => name)).toEqual(['rag', 'iam'])
    })
  })

  it.each([
    ['calender', ['known: rag, iam, calendar', 'did you mean calendar?']],
    ['billing', ['known: rag, iam, calendar']],
    ['iam_qual', ['known: rag, iam, calendar']],
    ['../iam', ['known: rag, iam, calendar']],
    ['constructor', ['known: rag, iam, calendar']],
    ['', ['known: rag, iam, calendar']],
  ])('do not include %j', (name, details) => {
    withConfig(named, (config) =>
      expect(() => resolveDatabases(config, '', [name])).toThrow(
        expect.objectContaining({ exitCode: 2, message: `Unknown database "${name}".`, details }),
      ),
    )
  })
})

describe('an environment', () => {
  const several = (config: ProjectConfig): void => {
    const { dev } = config.environments
    config.hosts.vps = {
      ssh: 'me@vps',
      machine: 'vps',
      volume: 'v',
      stack: { file: 'compose/shared.yml', project: 'po-shared' },
    }
    config.environments.qual = { ...dev, host: 'vps', network: 'shared', suffix: '_qual' }
    config.environments.prod = { ...dev, host: 'vps', network: 'shared', suffix: '_prod', confirm: true }
    config.environments.demo = { engine: 'embedded' }
  }

  it('answers no weaker request for its password unless it says so', () => {
    withConfig(
      (config) => {
        config.environments.open = { ...config.environments.dev, auth: 'any' }
      },
      (config) => {
        expect(resolveEnvironment(config, 'dev')).not.toHaveProperty('auth')
        expect(resolveEnvironment(config, 'open').auth).toBe('any')
      },
    )
  })

  it('comes with its host, whose stack has an absolute path, and its databases', () => {
    withConfig(several, (config) => {
      expect(resolveEnvironment(config, 'prod', ['iam'])).toMatchObject({
        name: 'prod',
        host: {
          name: 'vps',
          ssh: 'me@vps',
          machine: 'vps',
          volume: 'v',
          stack: { file: join(config.directory, 'compose/shared.yml'), project: 'po-shared' },
        },
        network: 'shared',
        confirm: true,
        databases: [{ name: 'iam', database: 'iam_prod' }],
      })
    })
  })

  it('comes with all that its host was given, and nothing that it was not', () => {
    const edit = (config: ProjectConfig): void => {
      several(config)
      Object.assign(config.hosts.vps, { releases: '/srv/shop', stack_environment: 'qual' })
      config.hosts.vps.cutover = { stacks: [{ file: 'qual.yml', project: 'po-qual' }], retain: 2 }
      config.hosts.checkout = { ssh: 'me@other', machine: 'other', directory: '/srv/checkout' }
      config.hosts.local.cutover = { stacks: [], abort_window: 0 }
      Object.assign(config.hosts.local, { volume: 'w', stack: { file: 'dev.yml', project: 'po-dev' } })
    }
    withConfig(edit, (config) => {
      const stack = (file: string, project: string) => ({ file: join(config.directory, file), project })
      expect(resolveHost(config, 'vps')).toEqual({
        name: 'vps',
        shared: true,
        ssh: 'me@vps',
        machine: 'vps',
        releases: '/srv/shop',
        stackEnvironment: 'qual',
        volume: 'v',
        stack: stack('compose/shared.yml', 'po-shared'),
        cutover: { stacks: [stack('qual.yml', 'po-qual')], retain: 2 },
      })
      expect(resolveHost(config, 'checkout')).toEqual({
        name: 'checkout',
        shared: true,
        ssh: 'me@other',
        machine: 'other',
        directory: '/srv/checkout',
      })
      expect(resolveHost(config, 'local')).toEqual({
        name: 'local',
        shared: false,
        volume: 'w',
        stack: stack('dev.yml', 'po-dev'),
        cutover: { stacks: [], retain: 1, abortWindow: 0 },
      })
    })
  })

  it('shares its host where another has the same one', () => {
    const edit = (config: ProjectConfig): void => {
      config.environments.test = { ...config.environments.dev, suffix: '_test' }
    }
    withConfig(edit, (config) =>
      expect(resolveHost(config, 'local')).toEqual({ name: 'local', shared: true }),
    )
  })

  it('of the embedded engine needs neither host nor network', () => {
    withConfig(several, (config) =>
      expect(resolveEnvironment(config, 'demo')).toMatchObject({
        engine: 'embedded',
        host: { name: 'local' },
        network: '',
      }),
    )
  })

  it.each([
    ['prd', ['known: dev, qual, prod, demo', 'did you mean prod?']],
    ['Dev', ['known: dev, qual, prod, demo', 'did you mean dev?']],
    ['toString', ['known: dev, qual, prod, demo']],
  ])('%j is unknown', (name, details) => {
    withConfig(several, (config) =>
      expect(() => resolveEnvironment(config, name)).toThrow(
        expect.objectContaining({ exitCode: 2, message: `Unknown environment "${name}".`, details }),
      ),
    )
  })

  it('is not a host', () => {
    withConfig(several, (config) =>
      expect(() => resolveHost(config, 'prod')).toThrow(
        expect.objectContaining({ exitCode: 2, message: 'Unknown host "prod".' }),
      ),
    )
  })

  it.each<[what: string, edit: (config: ProjectConfig) => void, choice: string]>([
    ['allows warnings where it is alone on this machine', () => {}, 'allow'],
    [
      'refuses them where it asks for a confirmation',
      (config) => {
        config.environments.dev.confirm = true
      },
      'refuse',
    ],
    [
      'refuses them on a host that is reached by ssh',
      (config) => {
        config.hosts.local = { ssh: 'deploy@vps', machine: 'vps' }
      },
      'refuse',
    ],
    [
      'refuses them on a host that others share',
      (config) => {
        config.environments.other = { ...config.environments.dev, suffix: '_other' }
      },
      'refuse',
    ],
    [
      'does what its policy says, whatever its name',
      (config) => {
        config.environments.prod = { ...config.environments.dev, suffix: '_prod' }
        config.environments.dev.policy = { warnings: 'allow' }
      },
      'allow',
    ],
  ])('%s', (_, edit, choice) => {
    const change = (config: ProjectConfig): void => {
      delete config.environments.dev.policy
      edit(config)
    }
    withConfig(change, (config) => expect(resolveEnvironment(config, 'dev').policy.warnings).toBe(choice))
  })

  it('rehearses on schemas where a mistake would hurt, and as its config says', () => {
    const change = (config: ProjectConfig): void => {
      const { rehearse: _, ...dev } = config.environments.dev
      config.environments = {
        dev,
        ask: { ...dev, host: 'own', confirm: true },
        qual: { ...dev, host: 'vps' },
        prod: { ...dev, host: 'vps', rehearse: 'off' },
        full: { ...dev, host: 'other', rehearse: 'data' },
      }
      config.hosts = { local: {}, own: {}, vps: {}, other: {} }
    }
    withConfig(change, (config) => {
      const found = Object.keys(config.environments).map((name) => resolveEnvironment(config, name).rehearse)
      expect(found).toEqual(['off', 'schema', 'schema', 'off', 'data'])
    })
  })

  it('knows which others refuse warnings', () => {
    const change = (config: ProjectConfig): void => {
      config.environments.demo = { engine: 'embedded' }
      config.environments.prod = { ...config.environments.dev, suffix: '_prod', confirm: true }
      delete config.environments.prod.policy
    }
    withConfig(change, (config) => {
      expect(resolveEnvironment(config, 'dev').strictBeside).toEqual(['prod'])
      expect(resolveEnvironment(config, 'prod').strictBeside).toEqual([])
    })
  })

  it('shares its network with others of its host, which needs it once', () => {
    withConfig(several, (config) => {
      expect(hostNetworks(config, 'vps')).toEqual(['shared'])
      expect(hostNetworks(config, 'local')).toEqual(['net'])
    })
  })
})
