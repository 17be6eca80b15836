import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type PageTable, reportDocument } from '../../src/page/document.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (store: Store): Project => makeProject({ network: postgres.network, store })

const readTables = async (made: Project): Promise<PageTable[]> => {
  const { stdout, stderr } = await runIn(made, 'report dev --json')
  expect(stderr).toBe('')
  return reportDocument.parse(JSON.parse(stdout)).environments[0]?.databases[0]?.tables ?? []
}

const odd = `
create schema audit;
create table audit."<b>Ünïcode & ""quotes""</b>" (a int, b int, note text, primary key (b, a));
create table tree (id int primary key, parent int references tree, gone int, a int, b int,
  foreign key (b, a) references audit."<b>Ünïcode & ""quotes""</b>");
alter table tree drop column gone;
comment on table tree is 'roots & <leaves>';
create table measured (at date not null, tree_id int references tree) partition by range (at);
create table measured_2026 partition of measured for values from ('2026-01-01') to ('2027-01-01');
create table of_extension (id int);
alter extension plpgsql add table of_extension;
create table bare ();
create view seen as select id from tree;
create temporary table short (id int);`

describe('report on a real server', () => {
  it('tells tables as they are: schemas, keys, foreign keys, and no parts, views or tables of others', async () => {
    using made = project({ report_odd: { '00001_odd.sql': migration(odd) } })
    expect(await runIn(made, 'up dev')).toMatchObject({ exit: 0 })
    const tables = await readTables(made)
    const name = '<b>Ünïcode & "quotes"</b>'
    expect(tables.map((table) => [table.schema, table.name])).toEqual([
      ['audit', name],
      ['public', 'bare'],
      ['public', 'measured'],
      ['public', 'tree'],
    ])
    const [, bare, measured, tree] = tables
    expect(bare).toEqual({ schema: 'public', name: 'bare', comment: null, columns: [], references: [] })
    expect(measured?.references).toEqual([
      { name: 'measured_tree_id_fkey', columns: ['tree_id'], schema: 'public', table: 'tree' },
    ])
    expect(tree?.comment).toBe('roots & <leaves>')
    expect(tree?.columns.map((column) => column.name)).toEqual(['id', 'parent', 'a', 'b'])
    expect(tree?.references).toEqual([
      { name: 'tree_b_a_fkey', columns: ['b', 'a'], schema: 'audit', table: name },
      { name: 'tree_parent_fkey', columns: ['parent'], schema: 'public', table: 'tree' },
    ])
    expect(await runIn(made, 'report dev')).toMatchObject({ exit: 0, stderr: '' })
    const page = readFileSync(join(made.directory, 'po-migrate-report.html'), 'utf8')
    expect(page).toContain('audit.&lt;b&gt;Ünïcode &amp; &quot;quotes&quot;&lt;/b&gt;')
    expect(page).not.toContain('<b>')
  })

  it('reads beside a migration that has a table to itself, and writes nothing', async () => {
    using made = project({ report_busy: { '00001_a.sql': migration('create table a (id int);') } })
    await runIn(made, 'up dev')
    const written = `select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_all_tables where schemaname !~ '^pg_'`
    await postgres.psql('report_busy', 'select pg_stat_force_next_flush()')
    const before = await postgres.psql('report_busy', written)
    const busy = postgres.psql('report_busy', 'begin; lock table a; select pg_sleep(8); commit')
    const started = performance.now()
    expect(await runIn(made, 'report dev --out page.html')).toMatchObject({ exit: 0 })
    expect(performance.now() - started).toBeLessThan(8000)
    await busy
    expect(await postgres.psql('report_busy', written)).toBe(before)
  })

  it('has a database that is not there yet, its files pending', async () => {
    using made = project({ report_absent: { '00001_a.sql': migration('select 1;') } })
    const { exit, stdout } = await runIn(made, 'report dev --json')
    expect(exit).toBe(0)
    expect(reportDocument.parse(JSON.parse(stdout)).environments[0]?.databases).toEqual([
      {
        name: 'report_absent',
        database: 'report_absent',
        exists: false,
        applied: 0,
        pending: 1,
        migrations: [{ version: '00001', file: '00001_a.sql', state: 'pending' }],
        ledger: [],
        tables: [],
      },
    ])
  })

  it('writes where a link points, and into directories that it makes', async () => {
    using made = project({ report_link: { '00001_a.sql': migration('select 1;') } })
    made.write('real.html', 'the old page')
    symlinkSync('real.html', join(made.directory, 'link.html'))
    await runIn(made, 'report dev --out link.html')
    expect(readFileSync(join(made.directory, 'real.html'), 'utf8')).toContain('<!doctype html>')
    const { stdout } = await runIn(made, 'report dev --out public/pages/index.html')
    expect(stdout).toBe('public/pages/index.html: 1 environment, 1 database, 1 pending\n')
    expect(readFileSync(join(made.directory, 'public/pages/index.html'), 'utf8')).toContain('report_link')
  })
})
