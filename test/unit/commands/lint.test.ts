import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { catalogue } from '../../../src/lint/catalogue.ts'
import { lintDocument, ruleDocument } from '../../../src/report/documents.ts'
import { makeProject, migration, type Project, type Store } from '../../support/tool/project.ts'
import { runTool } from '../../support/tool/tool.ts'

/** What this repository ships, and where nothing may be found. */
const root = join(import.meta.dirname, '../../..')
const noEngine = { DOCKER_HOST: 'unix:///no/such/engine.sock' }

const lint = ({ directory }: Pick<Project, 'directory'>, ...args: string[]) =>
  runTool(['lint', ...args], { cwd: directory, env: noEngine })
const project = (store: Store, edit?: Parameters<typeof makeProject>[0]['edit']): Project =>
  makeProject({ network: 'net', store, ...(edit && { edit }) })

const table = (name: string): string =>
  migration(`create table ${name} (id bigint primary key);`, `drop table ${name};`)
const sound = migration('create table a (id bigint primary key);', 'drop table a;')
const path = 'infrastructure/migrations/iam/00001_a.sql'

describe('lint', () => {
  it('answers 0 where nothing is wrong, without Docker and without a database', async () => {
    using made = project({ iam: { '00001_a.sql': sound }, rag: { '00001_a.sql': sound } })
    const { exit, stdout, stderr } = await lint(made)
    expect({ exit, stdout, stderr }).toEqual({
      exit: 0,
      stdout: 'lint: 2 files, nothing to complain about\n',
      stderr: '',
    })
  })

  it('answers 2 to an error, and shows its place with a frame and a caret', async () => {
    using made = project({
      iam: { '00001_a.sql': '-- migrate:up\nselect 1;\n  selec 2;\n-- migrate:down\n' },
    })
    const { exit, stdout, stderr } = await lint(made)
    expect(exit).toBe(2)
    expect(stdout).toBe(`✖ ${path}:3:3 syntax error at or near "selec" (syntax)
    1 | -- migrate:up
    2 | select 1;
  > 3 |   selec 2;
      |   ^
    4 | -- migrate:down
    5 |

lint: 1 file, 1 error
`)
    expect(stderr).toBe('→ po-migrate lint --explain syntax\n')
  })

  it('answers 0 where there are only warnings', async () => {
    const text = migration('-- po-migrate:ignore cluster-wide no role here\nselect 1;')
    using made = project({ iam: { '00001_a.sql': text } })
    const { exit, stdout } = await lint(made)
    expect(exit).toBe(0)
    expect(stdout).toContain(`! ${path}:2:1 ignores cluster-wide`)
    expect(stdout).toContain('lint: 1 file, 1 warning\n')
  })

  it('finds faults of names and frames as well, in every database', async () => {
    using made = project({
      iam: { '00001_a.sql': sound, '00001_b.sql': sound, 'x_00002.sql': '' },
      rag: { '9_a.sql': sound, '10_b.sql': '-- migrate:up\n' },
    })
    const { exit, stdout } = await lint(made, '--json')
    expect(exit).toBe(2)
    const { problems } = lintDocument.parse(JSON.parse(stdout))
    expect(problems.map(({ database, rule, file }) => [database, rule, file.split('/').at(-1)])).toEqual([
      ['iam', 'skipped-name', 'x_00002.sql'],
      ['iam', 'duplicate-version', '00001_b.sql'],
      ['rag', 'missing-marker', '10_b.sql'],
      ['rag', 'version-width', '10_b.sql'],
    ])
  })

  it.each([
    ['11', 0, []],
    ['3', 2, ['version-width 10_c.sql']],
  ])('takes versions of other widths for history by number (since %s)', async (since, expected, files) => {
    using made = project(
      {
        iam: {
          '1_a.sql': table('a'),
          '2_b.sql': table('b'),
          '10_c.sql': table('c'),
          '90_d.sql': table('d'),
        },
      },
      (config) => {
        config.lint = { since }
      },
    )
    const { exit, stdout } = await lint(made, '--json')
    expect(exit).toBe(expected)
    const { problems } = lintDocument.parse(JSON.parse(stdout))
    expect(problems.map(({ file, rule }) => `${rule} ${file.split('/').at(-1)}`)).toEqual(files)
  })

  it('looks at one database with --db', async () => {
    using made = project({ iam: { '00001_a.sql': migration('begin;') }, rag: { '00001_a.sql': sound } })
    expect(await lint(made, '--db', 'rag')).toMatchObject({ exit: 0 })
    expect(await lint(made, '--db', 'iam')).toMatchObject({ exit: 2 })
  })

  it('writes one document with --json', async () => {
    using made = project({ iam: { '00001_a.sql': migration('begin;') } })
    const { stdout, stderr } = await lint(made, '--json')
    expect(lintDocument.parse(JSON.parse(stdout))).toMatchObject({
      files: 1,
      errors: 1,
      warnings: 0,
      problems: [
        { rule: 'own-transaction', level: 'error', database: 'iam', file: path, line: 2, column: 1 },
      ],
    })
    expect(stderr).toBe('')
  })

  it("writes GitLab's report, by paths of the repository, with fingerprints that survive new lines above", async () => {
    using made = project({ iam: { '00001_a.sql': migration('begin;\nbegin;') } })
    mkdirSync(join(made.directory, '.git'))
    const report = async (cwd = made.directory) =>
      JSON.parse((await lint({ directory: cwd }, '--format', 'codequality')).stdout)
    const first = await report(join(made.directory, 'infrastructure'))
    expect(first).toHaveLength(2)
    expect(first[0]).toEqual({
      description: expect.stringContaining('BEGIN breaks'),
      check_name: 'own-transaction',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      severity: 'critical',
      location: { path, lines: { begin: 2 } },
    })
    expect(first[1].fingerprint).not.toBe(first[0].fingerprint)
    made.migrations({ iam: { '00001_a.sql': migration('select 1;\nbegin;\nbegin;') } })
    const second = await report()
    const fingerprints = (entries: { fingerprint: string }[]) => entries.map(({ fingerprint }) => fingerprint)
    expect(fingerprints(second)).toEqual(fingerprints(first))
    expect(second[0].location.lines.begin).toBe(3)
  })

  it('answers an empty report where nothing is wrong', async () => {
    using made = project({ iam: { '00001_a.sql': sound } })
    expect(await lint(made, '--format', 'codequality')).toMatchObject({ exit: 0, stdout: '[]\n' })
  })

  it('warns of migrations outside the store, but not in node_modules, dist or hidden directories', async () => {
    using made = project({ iam: { '00001_a.sql': sound } })
    const strays = ['services/x/migrations/00001_a.sql', 'services/x/migrations/later/b.sql']
    const others = ['node_modules/x', 'services/dist', '.cache', 'services/x/.old'].map(
      (directory) => `${directory}/migrations/c.sql`,
    )
    for (const file of [...strays, ...others, 'services/x/seed.sql']) made.write(file, 'select 1;')
    const { exit, stdout } = await lint(made, '--json')
    expect(exit).toBe(0)
    const { problems } = lintDocument.parse(JSON.parse(stdout))
    expect(problems.map(({ rule, level, file }) => [rule, level, file])).toEqual(
      strays.map((file) => ['stray-migration', 'warning', file]),
    )
    expect(await lint(made, '--db', 'iam')).toMatchObject({ stdout: expect.not.stringContaining('stray') })
  })

  it('takes the globs of strays from the config', async () => {
    using made = project({ iam: { '00001_a.sql': sound } }, (config) => {
      config.lint = { stray: ['db/*.sql'] }
    })
    made.write('services/x/migrations/00001_a.sql', '')
    made.write('db/00001_a.sql', '')
    const { problems } = lintDocument.parse(JSON.parse((await lint(made, '--json')).stdout))
    expect(problems.map(({ file }) => file)).toEqual(['db/00001_a.sql'])
  })

  it("shows a rule's first finding, the others a line each, and how many they are", async () => {
    const drops = (count: number) =>
      migration(Array.from({ length: count }, (_, index) => `drop table a${index};`).join('\n'))
    using made = project({ iam: { '00001_a.sql': drops(13), '00002_b.sql': drops(1) } })
    const { exit, stdout } = await lint(made)
    expect(exit).toBe(0)
    expect(stdout).toContain(`! ${path}:2:1 a0: what it holds is lost`)
    expect(stdout).toContain('  13 more of ban-drop-table, 14 in all:\n')
    expect(stdout).toContain(`\n  ${path}:12:1 a10: what it holds is lost`)
    expect(stdout).not.toContain('a11:')
    expect(stdout).toContain('  and 3 more; --json lists all of them\n')
    expect(stdout.match(/> {1,2}\d+ \|/g)).toHaveLength(1)
    expect(stdout).toContain('lint: 2 files, 14 warnings\n')
    expect(JSON.parse((await lint(made, '--json')).stdout).problems).toHaveLength(14)
  })

  describe('with files that are applied everywhere', () => {
    const store = {
      iam: {
        '00001_a.sql': migration('create table a (id int primary key);', 'drop role b;'),
        '00002_b.sql': migration('alter table a add check (id > 0);'),
        '00010_c.sql': migration('create index i on a (id);'),
      },
      rag: {
        '20250101120000_a.sql': migration('create table a (id bigint primary key);'),
        '20260101120000_b.sql': migration('drop table a;'),
      },
    }
    const found = async (since?: unknown): Promise<string[]> => {
      using made = project(store, (config) => {
        if (since !== undefined) config.lint = { since }
      })
      const { problems } = lintDocument.parse(JSON.parse((await lint(made, '--json')).stdout))
      return problems.map(({ rule, file, line }) => `${file.split('/').at(-1)}:${line} ${rule}`)
    }
    const key = '00001_a.sql:2 prefer-bigint-over-int'
    const role = '00001_a.sql:5 cluster-wide'
    const check = '00002_b.sql:2 constraint-missing-not-valid'
    const index = '00010_c.sql:2 require-concurrent-index-creation'
    const drop = '20260101120000_b.sql:2 ban-drop-table'

    it.each<[what: string, since: unknown, expected: string[]]>([
      ['takes all for one run on an empty database', undefined, [key, role]],
      [
        'takes those before a version for history, of which it tells only errors',
        '00002',
        [role, check, index],
      ],
      ['reads a version that YAML takes for a number', 10, [role, index]],
      ['reads one for each database', { iam: '00002', rag: 20260101120000 }, [role, check, index, drop]],
      ['leaves databases alone that it does not name', { rag: '20260101120000' }, [key, role, drop]],
      ['may look at nothing but errors', '99999', [role]],
    ])('%s', async (_, since, expected) => {
      expect(await found(since)).toEqual(expected)
    })

    it('says how many warnings it left out for that', async () => {
      using made = project(store)
      const { stderr } = await lint(made)
      expect(stderr).toContain(
        '3 warnings left out: on an empty database nobody waits for a table that these files make.\n',
      )
      expect(stderr).toContain('lint: { since: VERSION } in the config')
      expect((await lint(made, '--quiet')).stderr).toBe('')
    })

    it('refuses a version that is none, and a database that there is not', async () => {
      for (const [since, words] of [
        ['v2', 'lint.since'],
        [{ imm: '00002' }, 'imm'],
      ] as const) {
        using made = project(store, (config) => {
          config.lint = { since }
        })
        expect(await lint(made)).toMatchObject({ exit: 2, stderr: expect.stringContaining(words) })
      }
    })
  })

  it('finds nothing in the store of this repository', async () => {
    const { exit, stdout } = await lint({ directory: root }, '--json')
    expect(exit).toBe(0)
    expect(lintDocument.parse(JSON.parse(stdout)).problems).toEqual([])
  })
})

describe('lint --explain', () => {
  it.each([...catalogue.keys()])('explains %s', async (rule) => {
    const { exit, stdout } = await lint({ directory: '/' }, '--explain', rule)
    expect(exit).toBe(0)
    const { why, fix } = catalogue.get(rule)!
    for (const words of [rule, why, fix, 'Found:', 'Safe:', '✗']) expect(stdout).toContain(words)
  })

  it('writes one document with --json', async () => {
    const { stdout } = await lint({ directory: '/' }, '--explain', 'cluster-wide', '--json')
    expect(ruleDocument.parse(JSON.parse(stdout))).toMatchObject({ rule: 'cluster-wide', ignorable: true })
  })

  it('answers 2 to a rule that it does not know, with the one that was meant', async () => {
    const { exit, stderr } = await lint({ directory: '/' }, '--explain', 'own-transactoin')
    expect(exit).toBe(2)
    expect(stderr).toContain('There is no rule "own-transactoin".')
    expect(stderr).toContain('→ po-migrate lint --explain own-transaction\n')
    expect(await lint({ directory: '/' }, '--explain', 'x')).toMatchObject({ exit: 2 })
  })
})
