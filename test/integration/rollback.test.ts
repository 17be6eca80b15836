import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dbmate } from '../support/postgres/dbmate.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import {
  makeProject,
  migration,
  type Project,
  type ProjectOptions,
  type Store,
} from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (store: Store, edit?: ProjectOptions['edit']): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
    edit,
  })

const tables = (database: string): Promise<string> =>
  postgres.psql(
    database,
    `select string_agg(relname, ' ' order by relname) from pg_class where relname in ('a', 'b', 'c') and relkind = 'r'`,
  )

const table = (name: string): string => migration(`create table ${name} (id int);`, `drop table ${name};`)
const three: Store[string] = {
  '00001_a.sql': table('a'),
  '00002_b.sql': table('b'),
  '00010_c.sql': table('c'),
}

describe('rollback', () => {
  it('undoes the newest applied versions, newest first, shows their SQL, and stands in the history', async () => {
    using files = project({ back: three })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const { exit, stdout } = await runIn(files, 'rollback dev --db back --steps 2')
    expect(exit).toBe(0)
    expect(stdout).toContain('5 | drop table c;')
    expect(stdout).toMatch(/dev: 2 migrations rolled back in .* \(back: 0\d+ to 0\d+\)\.\n$/)
    expect([await postgres.versions('back'), await tables('back')]).toEqual(['00001', 'a'])
    const history = await runIn(files, 'history dev')
    expect(history.stdout).toMatch(/00010_c.sql \(rolled back\)[\s\S]*00002_b.sql \(rolled back\)/)

    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await tables('back')).toBe('a b c')
  })

  it('that fails leaves the file applied and says at which line', async () => {
    const wrong = migration('create table a (id int);', 'drop table a;\ndrop table nowhere;')
    using files = project({ stuck: { '00001_a.sql': wrong } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const { finished, steps } = readEvents(await runIn(files, 'rollback dev --db stuck --json'))
    expect(finished.exit).toBe(1)
    expect(steps[0]?.error).toMatchObject({
      message: expect.stringContaining('stuck: rolling back 00001_a.sql failed'),
      details: expect.arrayContaining(['00001_a.sql stays applied, as it was.']),
    })
    expect([await postgres.versions('stuck'), await tables('stuck')]).toEqual(['00001', 'a'])
  })

  it('of the newest version refuses without its file, where dbmate by itself undoes another one', async () => {
    using files = project({ wrong: three, plain: three })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    for (const name of ['wrong', 'plain'])
      rmSync(join(files.directory, `infrastructure/migrations/${name}/00010_c.sql`))
    const refused = await runIn(files, 'rollback dev --db wrong')
    expect(refused.exit).toBe(4)
    expect(refused.stderr).toContain('wrong: 00010 has no file in this checkout')
    expect(await tables('wrong')).toBe('a b c')

    const directory = join(files.directory, 'infrastructure/migrations/plain')
    expect(await dbmate(postgres, { database: 'plain', directory }, 'rollback')).toMatchObject({
      exit: 0,
    })
    expect(await tables('plain')).toBe('a c')
  })

  it.each([
    ['an empty down section', migration('create table a (id int);'), 'has an empty down section'],
    [
      'a file that says so',
      `-- po-migrate:irreversible the rows are gone\n${table('a')}`,
      '00001_a.sql is irreversible: the rows are gone',
    ],
  ])('refuses %s', async (title, text, words) => {
    const name = title.replaceAll(' ', '_')
    using files = project({ [name]: { '00001_a.sql': text } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await runIn(files, `rollback dev --db ${name}`)).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining(words),
    })
    expect(await postgres.versions(name)).toBe('00001')
  })

  it('on a host that several environments share asks first, and shows what it would undo', async () => {
    using files = project({ asked: three }, (config) => {
      config.environments.other = { ...config.environments.dev, suffix: '_other' }
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const refused = await runIn(files, 'rollback dev --db asked')
    expect(refused.exit).toBe(4)
    expect(refused.stdout).toContain('drop table c;')
    expect(refused.stderr).toContain('po-migrate rollback dev --db asked --confirm yes')
    expect(await tables('asked')).toBe('a b c')
    expect(await runIn(files, 'rollback dev --db asked --confirm yes')).toMatchObject({ exit: 0 })
    expect(await tables('asked')).toBe('a b')
  })

  it('needs one database, and has nothing to do where nothing is applied', async () => {
    using files = project({ fresh: three })
    expect(await runIn(files, 'rollback dev')).toMatchObject({ exit: 2 })
    expect(await runIn(files, 'rollback dev --db fresh')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('nothing to do'),
    })
  })
})
