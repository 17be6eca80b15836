import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lintDocument } from '../../src/report/documents.ts'
import { type CommandResult, uniqueName } from '../support/engine/docker.ts'
import { dbmate } from '../support/postgres/dbmate.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { makeProject, migration } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

const postgres = usePostgres()

/** Bare dbmate and a look at what it left, in a database of this attempt's own. */
type Bare = {
  up: () => Promise<CommandResult>
  versions: () => Promise<string>
  exists: (table: string) => Promise<boolean>
}

type Trap = {
  files: Record<string, string>
  /** The rules that refuse it. */
  rules: string[]
  /** What dbmate alone does. */
  harm: (bare: Bare) => Promise<void>
}

const table = (name: string): string => migration(`create table ${name} (id int);`, `drop table ${name};`)
const done = { exit: 0 }
const failed = (words: string) => ({ exit: 2, stderr: expect.stringContaining(words) })

/** dbmate reads a file when its turn comes: those before it are applied by then. */
const stopsHalfway =
  (words: string) =>
  async ({ up, versions }: Bare): Promise<void> => {
    expect(await up()).toMatchObject(failed(words))
    expect(await versions()).toBe('00001')
  }

const traps: Record<string, Trap> = {
  'two files of one version: the second never runs, and counts as applied': {
    files: { '00001_a.sql': table('a'), '00001_b.sql': table('b') },
    rules: ['duplicate-version'],
    harm: async ({ up, versions, exists }) => {
      expect(await up()).toMatchObject(failed('duplicate key'))
      expect(await up()).toMatchObject({ ...done, stdout: '' })
      expect(await versions()).toBe('00001')
      expect(await exists('b')).toBe(false)
    },
  },
  'two up sections: the second is lost, and the file counts as applied': {
    files: { '00001_a.sql': table('a') + table('b') },
    rules: ['several-sections'],
    harm: async ({ up, versions, exists }) => {
      expect(await up()).toMatchObject(failed('duplicate key'))
      expect(await up()).toMatchObject({ ...done, stdout: '' })
      expect(await versions()).toBe('00001')
      expect(await exists('b')).toBe(false)
    },
  },
  'transaction: false with a space: ignored without a word': {
    files: {
      '00001_a.sql': table('a'),
      '00002_b.sql':
        '-- migrate:up transaction: false\ncreate index concurrently on a (id);\n-- migrate:down\n',
    },
    rules: ['transaction-option'],
    harm: stopsHalfway('cannot run inside a transaction block'),
  },
  'several statements under transaction:false: a transaction after all': {
    files: {
      '00001_a.sql': table('a'),
      '00002_b.sql':
        '-- migrate:up transaction:false\ncreate table b ();\ncreate index concurrently on a (id);\n-- migrate:down\n',
    },
    rules: ['several-without-transaction'],
    harm: async (bare) => {
      await stopsHalfway('cannot run inside a transaction block')(bare)
      expect(await bare.exists('b')).toBe(false)
    },
  },
  'an own COMMIT: half of the file stays, nothing is recorded, and it can never run again': {
    files: {
      '00001_a.sql': migration('create table a (id int);\ncommit;\nselect 1 / 0;'),
    },
    rules: ['own-transaction'],
    harm: async ({ up, versions, exists }) => {
      expect(await up()).toMatchObject(failed('unexpected transaction status'))
      expect(await exists('a')).toBe(true)
      expect(await versions()).toBe('')
      expect(await up()).toMatchObject(failed('already exists'))
    },
  },
  'a file that writes the table of versions: another one never runs, and counts as applied': {
    files: {
      '00001_a.sql': migration("create table a (id int);\ninsert into schema_migrations values ('00002');"),
      '00002_b.sql': table('b'),
    },
    rules: ['writes-versions'],
    harm: async ({ up, versions, exists }) => {
      expect(await up()).toMatchObject(failed('duplicate key'))
      expect(await up()).toMatchObject({ ...done, stdout: '' })
      expect(await versions()).toBe('00001 00002')
      expect(await exists('b')).toBe(false)
    },
  },
  'names that dbmate skips: nothing is said, nothing runs': {
    files: { '00001_a.sql': table('a'), 'v00002_b.sql': table('b'), '00003_c.SQL': table('c') },
    rules: ['skipped-name', 'skipped-name'],
    harm: async ({ up, versions, exists }) => {
      expect(await up()).toMatchObject(done)
      expect(await versions()).toBe('00001')
      expect([await exists('b'), await exists('c')]).toEqual([false, false])
    },
  },
  'versions of another width: 10 runs before 9': {
    files: { '9_a.sql': table('a'), '10_b.sql': migration('insert into a values (1);') },
    rules: ['version-width'],
    harm: async ({ up, versions }) => {
      expect(await up()).toMatchObject(failed('relation "a" does not exist'))
      expect(await versions()).toBe('')
    },
  },
  'a byte order mark: no up section': {
    files: { '00001_a.sql': table('a'), '00002_b.sql': `\uFEFF${table('b')}` },
    rules: ['byte-order-mark'],
    harm: stopsHalfway('migrate:up'),
  },
  'markers in the wrong case': {
    files: { '00001_a.sql': table('a'), '00002_b.sql': table('b').replaceAll('migrate', 'Migrate') },
    rules: ['missing-marker'],
    harm: stopsHalfway('migrate:up'),
  },
  'a missing down marker': {
    files: { '00001_a.sql': table('a'), '00002_b.sql': '-- migrate:up\ncreate table b ();\n' },
    rules: ['missing-marker'],
    harm: stopsHalfway('migrate:down'),
  },
  'a statement above the up marker': {
    files: { '00001_a.sql': table('a'), '00002_b.sql': `select 1;\n${table('b')}` },
    rules: ['statement-before-up'],
    harm: stopsHalfway('migrate:up'),
  },
  "psql's commands: a syntax error, after earlier files": {
    files: { '00001_a.sql': table('a'), '00002_b.sql': migration('\\restrict x\nselect 1;') },
    rules: ['psql-command'],
    harm: stopsHalfway('syntax error'),
  },
  'COPY FROM stdin with its rows: a syntax error, after earlier files': {
    files: { '00001_a.sql': table('a'), '00002_b.sql': migration('copy a (id) from stdin;\n1\n2\n\\.\n') },
    rules: ['copy-stdin'],
    harm: stopsHalfway('syntax error'),
  },
  'a syntax error: found when its turn comes': {
    files: { '00001_a.sql': table('a'), '00002_b.sql': migration('create tabel b ();') },
    rules: ['syntax'],
    harm: stopsHalfway('syntax error at or near "tabel"'),
  },
  'what no transaction may hold': {
    files: { '00001_a.sql': table('a'), '00002_b.sql': migration('create index concurrently on a (id);') },
    rules: ['not-in-transaction'],
    harm: stopsHalfway('cannot run inside a transaction block'),
  },
  'a new enum value that is used at once': {
    files: {
      '00001_a.sql': migration("create type mood as enum ('ok');\ncreate table a (b mood);"),
      '00002_b.sql': migration("alter type mood add value 'sad';\ninsert into a values ('sad');"),
    },
    rules: ['using-new-enum-value'],
    harm: stopsHalfway('unsafe use of new value'),
  },
}

const cases = Object.entries(traps)

const makeTrap = ({ files }: Trap) => {
  const database = uniqueName('trap').replaceAll('-', '_')
  return { database, project: makeProject({ network: postgres.network, store: { [database]: files } }) }
}

describe('dbmate alone', () => {
  it.each(cases)('is caught by %s', async (_, trap) => {
    const { database, project } = makeTrap(trap)
    using _project = project
    const directory = join(project.directory, 'infrastructure/migrations', database)
    const ask = (sql: string): Promise<string> => postgres.psql(database, sql)
    await trap.harm({
      up: () => dbmate(postgres, { database, directory }, 'up'),
      versions: () =>
        ask("select coalesce(string_agg(version, ' ' order by version), '') from schema_migrations"),
      exists: async (name) => (await ask(`select to_regclass('public.${name}') is not null`)) === 't',
    })
  })
})

describe('po-migrate', () => {
  it.each(cases)('refuses %s', async (_, trap) => {
    const { database, project } = makeTrap(trap)
    using _project = project
    const { exit, stderr } = await runTool(['up', 'dev'], { cwd: project.directory })
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('Nothing was touched') })
    const there = `select count(*) from pg_database where datname = '${database}'`
    expect(await postgres.psql('postgres', there)).toBe('0')
    const { stdout } = await runTool(['lint', '--json'], { cwd: project.directory })
    const { problems } = lintDocument.parse(JSON.parse(stdout))
    expect(problems.map(({ rule, level }) => `${level} ${rule}`)).toEqual(
      trap.rules.map((rule) => `error ${rule}`),
    )
  })
})

it("applies what pg_dump's search_path keeps plain dbmate from, and warns of it", async () => {
  const sql = "select pg_catalog.set_config('search_path', '', false);\ncreate table public.a (id int);"
  const files = { '00001_a.sql': migration(sql), '00002_b.sql': table('b') }
  const { database, project } = makeTrap({ files, rules: [], harm: async () => {} })
  using _project = project
  const directory = join(project.directory, 'infrastructure/migrations', database)
  const native = await dbmate(postgres, { database: `${database}_native`, directory }, 'up')
  expect(native).toMatchObject(failed('no schema has been selected'))
  expect(await runTool(['up', 'dev'], { cwd: project.directory })).toMatchObject({ exit: 0 })
  expect(await postgres.versions(database)).toBe('00001 00002')
  expect(await runTool(['lint'], { cwd: project.directory })).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('(leaked-search-path)'),
  })
})

describe('what belongs to the whole server', () => {
  it('fails in the second of two environments under dbmate alone, and is refused here', async () => {
    const role = uniqueName('role').replaceAll('-', '_')
    const files = { '00001_a.sql': migration(`create role ${role};`) }
    const { database, project } = makeTrap({ files, rules: [], harm: async () => {} })
    using _project = project
    const directory = join(project.directory, 'infrastructure/migrations', database)
    const up = (suffix: string) => dbmate(postgres, { database: database + suffix, directory }, 'up')
    expect(await up('_qual')).toMatchObject(done)
    expect(await up('_prod')).toMatchObject(failed('already exists'))
    const refused = await runTool(['plan', 'dev'], { cwd: project.directory })
    expect(refused).toMatchObject({ exit: 2, stderr: expect.stringContaining('belongs to the whole server') })
    await postgres.psql('postgres', `drop role ${role}`)
  })
})

describe('preflight', () => {
  it('lets a run pass where the fault is in a file that is applied already', async () => {
    const files = {
      '00001_a.sql': migration('create table a (id int);\nset session_replication_role = replica;'),
    }
    const { database, project } = makeTrap({ files, rules: [], harm: async () => {} })
    using _project = project
    const directory = join(project.directory, 'infrastructure/migrations', database)
    expect(await dbmate(postgres, { database, directory }, 'up')).toMatchObject(done)
    project.migrations({ [database]: { '00002_b.sql': table('b') } })
    expect(await runTool(['up', 'dev'], { cwd: project.directory })).toMatchObject({ exit: 0 })
    expect(await runTool(['lint'], { cwd: project.directory })).toMatchObject({
      exit: 2,
      stdout: expect.stringContaining('(leaked-role)'),
    })
  })

  it('takes an ignore directive with its reason, and does not lint a text again that the ledger knows', async () => {
    const role = uniqueName('role').replaceAll('-', '_')
    const fails = `create role ${role};\nselect 1 / 0;`
    const ignored = migration(`-- po-migrate:ignore cluster-wide one server for each here\n${fails}`)
    const { database, project } = makeTrap({
      files: { '00001_a.sql': ignored },
      rules: [],
      harm: async () => {},
    })
    using _project = project
    const up = () => runTool(['up', 'dev'], { cwd: project.directory })
    expect(await up()).toMatchObject({ exit: 1, stderr: expect.stringContaining('division by zero') })
    project.migrations({ [database]: { '00001_a.sql': migration(fails) } })
    expect(await up()).toMatchObject({ exit: 1, stderr: expect.stringContaining('division by zero') })
    project.migrations({ [database]: { '00001_a.sql': migration(`${fails}\n`) } })
    expect(await up()).toMatchObject({ exit: 2, stderr: expect.stringContaining('whole server') })
  })
})
