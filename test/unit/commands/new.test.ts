import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseMigration } from '../../../src/model/migration.ts'
import { newDocument } from '../../../src/report/documents.ts'
import { makeProject, migration, type Project, type Store } from '../../support/tool/project.ts'
import { runTool } from '../../support/tool/tool.ts'

const template = '-- migrate:up\n\n\n-- migrate:down\n\n'

const project = (store: Store = { iam: { '00001_a.sql': migration('') } }): Project =>
  makeProject({
    network: 'net',
    store,
    edit: (config) => {
      config.databases = { iam: null, calendar: null }
    },
  })

const create = ({ directory }: Project, ...args: string[]) => runTool(['new', ...args], { cwd: directory })

const files = ({ directory }: Project, database: string): string[] => {
  const store = join(directory, 'infrastructure/migrations')
  return readdirSync(store).includes(database) ? readdirSync(join(store, database)) : []
}

describe('new', () => {
  it("writes the next number with dbmate's template, and prints the path on stdout", async () => {
    using made = project()
    const path = 'infrastructure/migrations/iam/00002_add_colour.sql'
    expect(await create(made, 'iam', 'add_colour')).toEqual({ exit: 0, stdout: `${path}\n`, stderr: '' })
    expect(readFileSync(join(made.directory, path), 'utf8')).toBe(template)
    expect(parseMigration('00002_add_colour.sql', template).problems).toEqual([])
  })

  it('counts on, file after file', async () => {
    using made = project()
    await create(made, 'iam', 'b')
    await create(made, 'iam', 'b')
    expect(files(made, 'iam')).toEqual(['00001_a.sql', '00002_b.sql', '00003_b.sql'])
  })

  it('starts a database that has no directory yet', async () => {
    using made = project()
    expect((await create(made, 'calendar', 'initial_schema')).exit).toBe(0)
    expect(files(made, 'calendar')).toEqual(['00001_initial_schema.sql'])
  })

  it('prints an absolute path where the store is not below the working directory', async () => {
    using made = project()
    const cwd = join(made.directory, 'infrastructure', 'elsewhere')
    mkdirSync(cwd)
    const { stdout } = await runTool(['new', 'iam', 'b'], { cwd })
    expect(stdout).toBe(`${join(made.directory, 'infrastructure/migrations/iam/00002_b.sql')}\n`)
  })

  it('prints one document with --json', async () => {
    using made = project()
    const { stdout } = await create(made, 'iam', 'b', '--json')
    const file = join(made.directory, 'infrastructure/migrations/iam/00002_b.sql')
    expect(newDocument.parse(JSON.parse(stdout))).toEqual({ version: 1, database: 'iam', file })
  })

  it('takes a name that looks like a number as it was typed', async () => {
    using made = project()
    expect((await create(made, 'iam', '001')).exit).toBe(0)
    expect((await create(made, 'iam', '1e3')).exit).toBe(0)
    expect(files(made, 'iam')).toEqual(['00001_a.sql', '00002_001.sql', '00003_1e3.sql'])
  })

  it.each([
    ['a b', 'a_b'],
    ['../x', 'x'],
    ['x;rm', 'x_rm'],
    ['$(x)', 'x'],
    ['a/b', 'a_b'],
    ['Add-Colour', 'add_colour'],
    ['x.sql', 'x_sql'],
    ["it's", 'it_s'],
    ['a\nb', 'a_b'],
    ['_x', 'x'],
    ['größe', 'gr_e'],
    ['', 'lower-case letters, digits and "_"'],
    ['…', 'lower-case letters, digits and "_"'],
  ])('refuses the name %j, suggests another and writes nothing', async (name, suggestion) => {
    using made = project()
    const { exit, stdout, stderr } = await create(made, 'iam', name)
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr.trimEnd().endsWith(`use ${suggestion}`)).toBe(true)
    expect(files(made, 'iam')).toEqual(['00001_a.sql'])
  })

  it.each(['iamm', '../iam', 'i am', 'iam;rm', '$(iam)', '.'])(
    'refuses the database %j and writes nothing',
    async (database) => {
      using made = project()
      const { exit, stderr } = await create(made, database, 'x')
      expect(exit).toBe(2)
      expect(stderr).toContain(`Unknown database "${database}".`)
      expect(stderr).toContain(database === 'iamm' ? 'where it is a new one' : 'is called by letters')
      expect(readdirSync(join(made.directory, 'infrastructure/migrations'))).toEqual(['iam'])
    },
  )

  describe('in a store of which the config names no database', () => {
    const open = (store: Store = { calendar: { '00001_a.sql': migration('') } }): Project =>
      makeProject({ network: 'net', store })

    it('makes the directory of a new one, and says so', async () => {
      using made = open()
      const { exit, stderr } = await create(made, 'billing', 'initial_schema')
      expect({ exit, stderr }).toEqual({
        exit: 0,
        stderr: 'billing is a new database: the next up creates it\n',
      })
      expect(files(made, 'billing')).toEqual(['00001_initial_schema.sql'])
    })

    it('makes the store too', async () => {
      using made = open({})
      expect((await create(made, 'billing', 'initial_schema')).exit).toBe(0)
      expect(files(made, 'billing')).toEqual(['00001_initial_schema.sql'])
    })

    it('takes a name that resembles another for a typo', async () => {
      using made = open()
      const { exit, stderr } = await create(made, 'calender', 'x')
      expect(exit).toBe(2)
      expect(stderr).toContain('did you mean calendar?')
      expect(stderr).toMatch(/→ where it is a new one: mkdir \/.*\/calender$/m)
      mkdirSync(join(made.directory, 'infrastructure/migrations/calender'))
      expect((await create(made, 'calender', 'x')).exit).toBe(0)
    })

    it.each(['../x', '.git', 'a b', '$(x)', ''])('refuses %j as a name', async (name) => {
      using made = open()
      expect((await create(made, name, 'x')).exit).toBe(2)
      expect(readdirSync(join(made.directory, 'infrastructure/migrations'))).toEqual(['calendar'])
    })
  })

  it('says where to write the name of a database that the config does not list', async () => {
    using made = project()
    const { exit, stderr } = await create(made, 'billing', 'x')
    expect(exit).toBe(2)
    expect(stderr).toMatch(/→ where it is a new one, write into .*migrate\.yaml: databases: \{ billing: \}$/m)
  })

  it('writes where the config says that the files are, in their style', async () => {
    using made = makeProject({
      network: 'net',
      store: {},
      places: ['migrate.yaml'],
      edit: (config) => {
        config.databases = { shop: { directory: 'db/migrations' }, fresh: { directory: 'db/fresh' } }
      },
    })
    made.write('db/migrations/20240101120000_a.sql', migration(''))
    for (const [name, directory] of [
      ['shop', 'db/migrations'],
      ['fresh', 'db/fresh'],
    ] as const) {
      const { stdout } = await create(made, name, 'b')
      expect(stdout).toMatch(new RegExp(`^${directory}/20\\d{12}_b\\.sql\n$`))
    }
  })

  it('refuses to go beyond the width of the versions: the file would run before the others', async () => {
    using made = project({ iam: { '99999_a.sql': migration('') } })
    const { exit, stderr } = await create(made, 'iam', 'b')
    expect(exit).toBe(2)
    expect(stderr).toContain('No version of 5 digits comes after 99999.')
    expect(files(made, 'iam')).toEqual(['99999_a.sql'])
  })
})
