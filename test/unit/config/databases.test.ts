import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { databaseNames, resolveDatabases } from '../../../src/config/databases.ts'
import { type Config, loadConfig } from '../../../src/config/load.ts'
import { resolveEnvironment } from '../../../src/config/resolve.ts'
import { makeProject, migration, type Project } from '../../support/tool/project.ts'
import { runIn } from '../../support/tool/tool.ts'

/** A project with its config in the root. */
const project = (databases?: Record<string, unknown>, more: Record<string, unknown> = {}): Project =>
  makeProject({
    network: 'net',
    store: {},
    places: ['migrate.yaml'],
    edit: (config) => {
      Object.assign(config, { ...(databases && { databases }), ...more })
      config.environments.qual = { ...config.environments.dev, suffix: '_qual' }
    },
  })

const write = (made: Project, ...paths: string[]): void => {
  for (const path of paths) made.write(path, migration(''))
}

const load = ({ directory }: Project): Config => loadConfig({ cwd: directory, env: {} })

describe('a database of the config', () => {
  it.each<[object, string, string]>([
    [{}, 'shop, shop_qual', 'migrations/shop'],
    [{ directory: 'db/migrations' }, 'shop, shop_qual', 'db/migrations'],
    [{ directory: '/srv/sql' }, 'shop, shop_qual', '/srv/sql'],
    [{ database: 'shop_main' }, 'shop_main, shop_main_qual', 'migrations/shop'],
    [{ suffix: false }, 'shop, shop', 'migrations/shop'],
    [{ suffix: true }, 'shop, shop_qual', 'migrations/shop'],
    [
      { directory: 'db/migrations', database: 'shop_main', suffix: false },
      'shop_main, shop_main',
      'db/migrations',
    ],
    [{ database: 'Shop.Main é' }, 'Shop.Main é, Shop.Main é_qual', 'migrations/shop'],
  ])('with %j is %s in dev and qual, and has its files in %s', (settings, expected, path) => {
    using made = project({ shop: settings })
    const config = load(made)
    const found = ['dev', 'qual'].flatMap((name) => resolveEnvironment(config, name).databases)
    expect(found.map(({ database }) => database).join(', ')).toBe(expected)
    const directory = resolve(made.directory, path)
    expect(found).toMatchObject([
      { name: 'shop', directory },
      { name: 'shop', directory },
    ])
  })

  it('is measured by the name that it has on the server', () => {
    using made = project({ shop: { database: 'a'.repeat(60) } })
    const config = load(made)
    expect(resolveDatabases(config, '')).toHaveLength(1)
    expect(() => resolveDatabases(config, '_qual')).toThrow(
      expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('databases: { shop: {') }),
    )
  })

  it.each([
    [
      { shop: { database: 'main' }, store: { database: 'main' } },
      '',
      'shop and store are one database on the server: main.',
    ],
    [
      { shop: { database: 'a_qual', suffix: false }, a: {} },
      '_qual',
      'shop and a are one database on the server: a_qual.',
    ],
  ])('is no other one under the same name: %j', (databases, suffix, message) => {
    using made = project(databases)
    expect(() => resolveDatabases(load(made), suffix)).toThrow(
      expect.objectContaining({ exitCode: 2, message }),
    )
  })

  it('may share its files with another: each has versions of its own', () => {
    using made = project({ north: { directory: 'sql' }, south: { directory: 'sql' } })
    expect(resolveDatabases(load(made), '').map(({ database }) => database)).toEqual(['north', 'south'])
  })

  it('is named by what it is called in the config, and its name on the server leads there', () => {
    using made = project({ shop: { database: 'shop_main' } })
    expect(() => resolveDatabases(load(made), '', ['shop_main'])).toThrow(
      expect.objectContaining({ details: ['known: shop', 'did you mean shop?'] }),
    )
  })
})

describe('a store', () => {
  it('counts directories behind a link, also one that leads nowhere, and no link to a file', () => {
    using made = project()
    write(made, 'migrations/iam/00001_a.sql', 'services/rag/sql/00001_a.sql', 'README.md')
    symlinkSync('../services/rag/sql', join(made.directory, 'migrations/rag'))
    symlinkSync('../README.md', join(made.directory, 'migrations/README'))
    symlinkSync('../gone', join(made.directory, 'migrations/lost'))
    expect(databaseNames(load(made))).toEqual(['iam', 'lost', 'rag'])
  })

  it.each([
    ['db/migrations', 'db/migrations'],
    ['db', 'db/migrations'],
    ['.', 'migrations'],
  ])(
    "%s that is one database's own directory is told, with the line to write",
    async (migrations, directory) => {
      using made = project(undefined, { migrations })
      write(made, `${directory}/20240101000000_a.sql`)
      const told = expect.objectContaining({
        exitCode: 2,
        hint: `write into ${join(made.directory, 'migrate.yaml')}: databases: { NAME: { directory: ${directory} } }`,
      })
      expect(() => databaseNames(load(made))).toThrow(told)
      expect((await runIn(made, 'lint')).exit).toBe(2)
    },
  )

  it('may have a database called migrations where the config says so', () => {
    using made = project({ migrations: null })
    write(made, 'migrations/migrations/00001_a.sql')
    expect(resolveDatabases(load(made), '')).toMatchObject([
      { database: 'migrations', directory: join(made.directory, 'migrations/migrations') },
    ])
  })

  it('beside which a config lists its databases may hold what it likes', () => {
    using made = project({ shop: { directory: 'db/migrations' } }, { migrations: 'db' })
    write(made, 'db/migrations/00001_a.sql', 'db/00001_seed.sql')
    expect(databaseNames(load(made))).toEqual(['shop'])
  })
})

describe('the files of a database', () => {
  it('that were meant to lie elsewhere are pointed at, in either direction', async () => {
    using made = project({ shop: null }, { migrations: 'db/migrations' })
    write(made, 'db/migrations/00001_a.sql')
    const place = join(made.directory, 'db/migrations')
    expect((await runIn(made, 'lint')).stderr).toContain(`its files are in ${place}?`)
    rmSync(place, { recursive: true })
    write(made, 'db/migrations/shop/sql/00001_a.sql')
    expect((await runIn(made, 'lint')).stderr).toContain(`its files are in ${join(place, 'shop/sql')}?`)
  })

  it('are no strays where they are managed, also through a link, and are where they are not', async () => {
    using made = project({ shop: { directory: 'db/migrations' }, rag: { directory: 'linked' } })
    mkdirSync(join(made.directory, '.git'))
    write(
      made,
      'db/migrations/00001_a.sql',
      'services/rag/migrations/00001_a.sql',
      'old/migrations/00001_a.sql',
    )
    symlinkSync('services/rag/migrations', join(made.directory, 'linked'))
    const { stdout } = await runIn(made, 'lint --json')
    expect(JSON.parse(stdout)).toMatchObject({
      files: 2,
      problems: [{ rule: 'stray-migration', file: 'old/migrations/00001_a.sql' }],
    })
  })

  it('are no strays in a store that is made of links', async () => {
    using made = project()
    mkdirSync(join(made.directory, '.git'))
    write(made, 'services/rag/migrations/00001_a.sql', 'migrations/iam/00001_a.sql')
    symlinkSync('../services/rag/migrations', join(made.directory, 'migrations/rag'))
    const { stdout } = await runIn(made, 'lint --json')
    expect(JSON.parse(stdout)).toMatchObject({ files: 2, problems: [] })
  })
})
