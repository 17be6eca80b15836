import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { AppError } from '../../../src/errors.ts'
import { makeProject, type ProjectConfig } from '../../support/tool/project.ts'

const project = (edit?: (config: ProjectConfig) => void) =>
  makeProject({ network: 'net', store: {}, ...(edit && { edit }) })

const problemsOf = (load: () => unknown): readonly string[] => {
  try {
    load()
  } catch (error) {
    if (error instanceof AppError && error.exitCode === 2) return error.details
    throw error
  }
  return []
}

/** The problems of a config that is sound but for this change. */
const problems = (edit: (config: ProjectConfig) => void): readonly string[] => {
  using made = project(edit)
  return problemsOf(() => loadConfig({ cwd: made.directory, env: {} }))
}

describe('the config', () => {
  it('is found from any directory below the checkout', () => {
    using made = project()
    const below = join(made.directory, 'a', 'b')
    mkdirSync(below, { recursive: true })
    const config = loadConfig({ cwd: below, env: {} })
    expect(config.file).toBe(join(made.directory, 'infrastructure', 'migrate.yaml'))
    expect(config.directory).toBe(join(made.directory, 'infrastructure'))
  })

  it('takes a line or a command of several words for after_backup, and no empty one', () => {
    const told = (command: unknown): readonly string[] =>
      problems((config) => {
        config.after_backup = command
      })
    for (const command of ['rclone copy', ['rclone', 'copy', '--checksum']]) expect(told(command)).toEqual([])
    expect(told([])).not.toEqual([])
  })

  it('may be named, relative to where one stands', () => {
    using made = project()
    const config = loadConfig({ file: 'migrate.yaml', cwd: join(made.directory, 'infrastructure'), env: {} })
    expect(config.environments.dev?.network).toBe('net')
  })

  it('has defaults for what is left out', () => {
    using made = project()
    expect(loadConfig({ cwd: made.directory, env: {} })).toMatchObject({
      migrations: 'migrations',
      compose: { pass_env: [] },
      environments: {
        dev: {
          engine: 'docker',
          suffix: '',
          confirm: false,
          port: 5432,
          user: 'postgres',
          wait: 20,
          password: { key: 'POSTGRES_PASSWORD' },
        },
      },
    })
  })

  it('has defaults for a database that is only named', () => {
    using made = project((config) => {
      config.databases = { iam: null, rag: { migrations_table: 'ops.versions' } }
    })
    expect(loadConfig({ cwd: made.directory, env: {} }).databases).toEqual({
      iam: { migrations_table: 'schema_migrations', suffix: true },
      rag: { migrations_table: 'ops.versions', suffix: true },
    })
  })

  it.each([
    [{}, 'po-net'],
    [{ PO_NET: 'mine' }, 'mine'],
    [{ PO_NET: '' }, 'po-net'],
  ])('takes variables with defaults from the shell: %j gives %s', (env, network) => {
    using made = project((config) => {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the config's own syntax
      config.environments.dev.network = '${PO_NET:-po-net}'
    })
    expect(loadConfig({ cwd: made.directory, env }).environments.dev?.network).toBe(network)
  })

  it('missing here and above is an error that says where it was looked for', () => {
    expect(() => loadConfig({ cwd: '/', env: {} })).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: 'There is no migrate.yaml and no infrastructure/migrate.yaml in / or above it.',
      }),
    )
  })

  it('that cannot be read is an error that names it', () => {
    using made = project()
    const options = { file: 'nope.yaml', cwd: made.directory, env: {} }
    expect(() => loadConfig(options)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('nope.yaml') }),
    )
  })

  it.each([
    ['a tab', 'dbmate:\n\timage: x\n', /line 2/],
    ['an open quote', 'dbmate: { image: "x }\n', /line \d/],
    ['a key given twice', 'dbmate: { image: x }\nhosts: {}\nhosts: {}\n', /line 3/],
  ])('that is not YAML, by %s, is an error with the line', (_, text, line) => {
    using made = project()
    made.write('infrastructure/migrate.yaml', text)
    expect(problemsOf(() => loadConfig({ cwd: made.directory, env: {} })).join('\n')).toMatch(line)
  })

  it.each([
    ['', 'the file: '],
    ['just words\n', 'the file: '],
    ['- a\n', 'the file: '],
  ])('that is %j is an error about the file', (text, start) => {
    using made = project()
    made.write('infrastructure/migrate.yaml', text)
    const [first] = problemsOf(() => loadConfig({ cwd: made.directory, env: {} }))
    expect(first?.startsWith(start)).toBe(true)
  })
})

describe('a faulty config', () => {
  it('is told with all its problems at once, each by its path', () => {
    const found = problems((config) => {
      config.colour = 'blue'
      config.dbmate = { digest: 'sha256:short' }
      config.hosts.vps = { ssh: 'deploy@vps' }
      config.environments.dev.port = 'many'
      config.environments.dev.networks = []
      config.environments.qual = { host: 'nope', suffix: '_q!' }
      config.compose = { pass_env: ['A-B'] }
    })
    const paths = found.map((problem) => problem.slice(0, problem.indexOf(':')))
    expect(paths.sort()).toEqual([
      'compose.pass_env.0',
      'dbmate.digest',
      'environments.dev',
      'environments.dev.port',
      'environments.qual.password',
      'environments.qual.suffix',
      'hosts.vps.machine',
      'the file',
    ])
  })

  it.each<[string, (config: ProjectConfig) => void, RegExp]>([
    ['an unknown key', (config) => (config.colour = 'blue'), /^the file: .*colour/],
    [
      'an unknown key below',
      (config) => (config.environments.dev.netwrok = 'x'),
      /^environments\.dev: .*netwrok/,
    ],
    [
      'an unknown host',
      (config) => (config.environments.dev.host = 'locl'),
      /^environments\.dev\.host: unknown host "locl"; known: local; write host: local \(line \d+\)$/,
    ],
    [
      'ssh without machine',
      (config) => (config.hosts.local = { ssh: 'me@there' }),
      /^hosts\.local\.machine: is needed with ssh/,
    ],
    [
      'a docker environment without a password',
      (config) => delete config.environments.dev.password,
      /^environments\.dev\.password: is needed by the docker engine; write e\.g\. password: \{ env_file: \.env \}/,
    ],
    [
      'a host by ssh whose network is not told',
      (config) => {
        config.hosts.local = { ssh: 'me@there', machine: 'there' }
        delete config.environments.dev.network
      },
      /^environments\.dev\.network: is needed on a host that is reached by ssh/,
    ],
    ['a name with shell characters', (config) => (config.databases = { 'a;b': null }), /^databases\.a;b: .*/],
    [
      'a port out of range',
      (config) => (config.environments.dev.port = 70_000),
      /^environments\.dev\.port: /,
    ],
    [
      'a table of versions with a second dot, which dbmate cannot name',
      (config) => (config.databases = { iam: { migrations_table: 'a.b.c' } }),
      /^databases\.iam\.migrations_table: is "a\.b\.c"; it takes TABLE or SCHEMA\.TABLE/,
    ],
    ['no environments', (config) => delete config.environments, /^environments: /],
    [
      'an env file that is no path',
      (config) => (config.environments.dev.password.env_file = []),
      /^environments\.dev\.password\.env_file: /,
    ],
  ])('names %s', (_, edit, expected) => {
    expect(problems(edit)).toEqual([expect.stringMatching(expected)])
  })

  it('tells a reference to a variable that must be set, by its path', () => {
    const found = problems((config) => {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the config's own syntax
      config.environments.dev.network = '${PO_NET:?say which}'
    })
    expect(found).toContainEqual(expect.stringMatching(/^environments\.dev\.network: .*PO_NET.*say which/))
  })

  it.each<[string, string]>([
    [
      'port: many',
      'environments.dev.port: is "many"; it takes a whole number from 1 to 65535; write e.g. port: 5432',
    ],
    [
      'port: 70000',
      'environments.dev.port: is 70000; it takes a whole number from 1 to 65535; write e.g. port: 5432',
    ],
    ['confirm: "yes"', 'environments.dev.confirm: is "yes"; it takes true or false; write confirm: true'],
    ['confirm: off', 'environments.dev.confirm: is "off"; it takes true or false; write confirm: false'],
    ['user: 1234', 'environments.dev.user: is 1234; it takes text; write user: "1234"'],
    ['netwrok: x', 'environments.dev: has no key "netwrok"; did you mean network?'],
    [
      'policy: { edited: maybe }',
      'environments.dev.policy.edited: is "maybe"; it takes one of allow, refuse; write e.g. edited: refuse',
    ],
    [
      'suffix: "_q!"',
      'environments.dev.suffix: is "_q!"; it takes letters, digits, "_" and "-" only; write e.g. suffix: _qual',
    ],
    [
      'policy: {missing: [a]}',
      'environments.dev.policy.missing: is a list; it takes one of allow, refuse; write e.g. missing: refuse',
    ],
  ])('says in one sentence what is wrong with "%s", on its line, and what to write', (wrong, expected) => {
    using made = project()
    made.write(
      'infrastructure/migrate.yaml',
      `environments:\n  dev:\n    password: { env_file: a }\n    ${wrong}\n`,
    )
    const found = problemsOf(() => loadConfig({ cwd: made.directory, env: {} }))
    expect(found).toEqual([`${expected} (line 4)`])
  })

  it('never shows what stands in place of a password', () => {
    const found = problems((config) => (config.environments.dev.password = 'hunter2'))
    expect(found).toEqual([
      expect.stringMatching(
        /^environments\.dev\.password: is a string; .* write e\.g\. password: \{ env_file: \.env \}/,
      ),
    ])
    expect(found.join()).not.toContain('hunter2')
  })

  it('is opened by the command in its hint, at its first problem', () => {
    using made = project((config) => (config.retain = { backups: 0 }))
    expect(() => loadConfig({ cwd: made.directory, env: {} })).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^\$\{EDITOR:-vi\} \+\d+ \/.*migrate\.yaml$/) }),
    )
  })

  it('counts its problems', () => {
    using made = project((config) => {
      config.a = 1
      config.environments.dev.port = 'x'
    })
    expect(() => loadConfig({ cwd: made.directory, env: {} })).toThrow(/migrate\.yaml has 2 problems:$/)
  })
})
