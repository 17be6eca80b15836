import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveDatabases } from '../../../src/config/databases.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { resolveEnvironment } from '../../../src/config/resolve.ts'
import { makeProject } from '../../support/tool/project.ts'
import { runIn } from '../../support/tool/tool.ts'

const query = { query: 'select 1', database: 'iam' }

const project = (tenants: object, more: object = {}) =>
  makeProject({
    network: 'net',
    store: {},
    places: ['migrate.yaml'],
    edit: (config) => {
      config.databases = { iam: null, tenants: { directory: 'sql/tenant', ...tenants }, rag: null, ...more }
      config.environments.qual = { ...config.environments.dev, suffix: '_qual' }
    },
  })

const resolved = (tenants: object, { name = 'qual', only = [] as string[] } = {}) => {
  using made = project(tenants)
  const config = loadConfig({ cwd: made.directory, env: {} })
  const environment = resolveEnvironment(config, name, only)
  const [fleet] = environment.fleets ?? []
  return { environment, fleet, directory: join(made.directory, 'sql/tenant') }
}

describe('a fleet of the config', () => {
  it('is none of the databases, and knows its place among them, its files, its suffix and where it asks', () => {
    const { environment, fleet, directory } = resolved({ from: query })
    expect(environment.databases.map(({ database }) => database)).toEqual(['iam_qual', 'rag_qual'])
    expect(fleet).toMatchObject({
      name: 'tenants',
      after: 1,
      suffix: '_qual',
      create: false,
      rollout: { canary: 1, wave: 50, maxFailures: 1 },
      from: { query: 'select 1', database: 'iam_qual', managed: 'iam' },
    })
    expect(fleet?.common.directory).toBe(directory)
  })

  it('takes the maintenance database for a query that names none, and a name on the server as it stands', () => {
    expect(resolved({ from: { query: 'select 1' } }).fleet?.from).toMatchObject({ database: 'postgres' })
    expect(resolved({ from: { query: 'select 1', database: 'crm' } }).fleet?.from).toMatchObject({
      database: 'crm',
    })
  })

  it('has no suffix where it says so, and what it says of its rollout', () => {
    const rollout = { canary: 2, wave: 9, max_failures: 4 }
    expect(resolved({ from: { list: ['a'] }, suffix: false, create: true, rollout }).fleet).toMatchObject({
      suffix: '',
      create: true,
      rollout: { canary: 2, wave: 9, maxFailures: 4 },
    })
  })

  it("may have no database that the config names in an environment beside, nor Postgres' own", () => {
    const taken = resolved({ from: query }).fleet?.taken
    for (const name of ['iam', 'iam_qual', 'rag', 'postgres', 'template1']) expect(taken).toContain(name)
    expect(taken).not.toContain('tenants')
    expect(resolved({ from: { pattern: '*' } }, { name: 'dev' }).fleet?.otherSuffixes).toEqual(['_qual'])
  })

  it.each<[string[], string[], string[] | undefined]>([
    [[], ['iam_qual', 'rag_qual'], undefined],
    [['tenants'], [], undefined],
    [['tenants/a', 'tenants/b/c', 'tenants/a'], [], ['a', 'b/c']],
    [['tenants/a', 'iam'], ['iam_qual'], ['a']],
    [['tenants', 'tenants/a'], [], undefined],
  ])('is named by --db %j', (only, databases, keys) => {
    const { environment, fleet } = resolved({ from: query }, { only })
    expect(environment.databases.map(({ database }) => database)).toEqual(databases)
    expect(fleet?.only).toEqual(keys)
  })

  it('is left out where others are named', () => {
    expect(resolved({ from: query }, { only: ['iam'] }).environment.fleets).toBeUndefined()
  })

  it('counts as one database for whoever reads files alone, and has no names there', () => {
    using made = project({ from: query })
    const config = loadConfig({ cwd: made.directory, env: {} })
    expect(resolveDatabases(config, '', ['tenants'])).toMatchObject([{ name: 'tenants' }])
    expect(() => resolveDatabases(config, '', ['tenants/a'])).toThrow(
      expect.objectContaining({ exitCode: 2, hint: 'name the fleet: --db tenants' }),
    )
  })

  it.each<[object, string]>([
    [{ from: {} }, 'needs exactly one of query, pattern and list, and has none'],
    [{ from: { query: 'select 1', list: ['a'] } }, 'needs exactly one of query, pattern and list, and has 2'],
    [{ from: { pattern: 'a*', database: 'iam' } }, 'says where a query is asked, and there is none'],
    [{ from: { list: [] } }, 'databases.tenants.from.list: is a list'],
    [{ from: { list: [7] } }, 'databases.tenants.from.list.0: is 7'],
    [{ from: { sql: 'select 1' } }, 'has no key "sql"'],
    [{ from: query, database: 'x' }, 'is the name of one database, and from: names many'],
    [{ rollout: { canary: 1 } }, 'is for a fleet; write from: too'],
    [{ create: true }, 'is for a fleet; write from: too'],
    [{ from: query, rollout: { wave: 0 } }, 'databases.tenants.rollout.wave: is 0; it takes a whole number'],
    [{ from: query, rollout: { max_failure: 1 } }, 'did you mean max_failures?'],
    [{ from: { query: 'select 1', database: 'tenants' } }, 'tenants is a fleet itself; name one database'],
  ])('written as %j is told in a sentence with its line', async (tenants, sentence) => {
    using made = project(tenants)
    const { exit, stderr } = await runIn(made, 'plan dev')
    expect(exit).toBe(2)
    expect(stderr.replaceAll(/\n\s+/g, ' ')).toContain(sentence)
    expect(stderr).toMatch(/\(line \d+\)/)
  })
})
