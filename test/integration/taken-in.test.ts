import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dbmate } from '../support/postgres/dbmate.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const postgres = usePostgres()

/** A database that dbmate alone has migrated, and a project that adopts it. */
const adopt = async (database: string): Promise<Project> => {
  const files = makeProject({
    network: postgres.network,
    store: {
      [database]: {
        '00001_a.sql': migration('create table a (id int);', 'drop table a;'),
        '00002_b.sql': migration('create table b (id int);', 'drop table b;'),
      },
    },
    state: 'state',
  })
  const directory = join(files.directory, 'infrastructure/migrations', database)
  const { exit, stderr } = await dbmate(postgres, { database, directory }, 'up')
  expect(exit, stderr).toBe(0)
  return files
}

const rows = (database: string): Promise<string> =>
  postgres.psql(
    database,
    "select string_agg(version || ' ' || outcome, ', ' order by id) from po_migrate.ledger",
  )

describe('files that dbmate applied before there was a ledger', () => {
  it('are taken in by the first up, though nothing is pending, and their edits are found from then on', async () => {
    using files = await adopt('taken_idle')
    const first = await runIn(files, 'up dev')
    expect(first.exit, first.stderr).toBe(0)
    expect(first.stdout).toContain('nothing to do')
    expect(first.stderr).toContain('taken_idle: 2 files applied before taken in, unproven')
    expect(await rows('taken_idle')).toBe('00001 adopted unproven, 00002 adopted unproven')
    const again = await runIn(files, 'up dev')
    expect(again.stderr).not.toContain('taken in')
    expect((await runIn(files, 'history dev')).stdout).toContain('00002_b.sql (adopted unproven)')
    files.migrations({ taken_idle: { '00001_a.sql': migration('create table a (id bigint);') } })
    expect((await runIn(files, 'status dev --json')).stdout).toMatch(/"00001_a.sql","state":"edited"/)
    const refused = await runIn(files, 'up dev')
    expect(refused.exit).toBe(4)
    expect(refused.stderr).toContain('--accept-edit 00001')
    expect(await runIn(files, 'up dev --accept-edit 00001')).toMatchObject({ exit: 0 })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })

  it('are taken in beside what is applied, and can be rolled back', async () => {
    using files = await adopt('taken_busy')
    files.migrations({
      taken_busy: { '00003_c.sql': migration('create table c (id int);', 'drop table c;') },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await rows('taken_busy')).toBe('00001 adopted unproven, 00002 adopted unproven, 00003 done')
    expect(await runIn(files, 'rollback dev --db taken_busy --to 00001')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('taken_busy')).toBe('00001')
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  })

  it('are not taken in by what only reads', async () => {
    using files = await adopt('taken_read')
    for (const line of ['status dev', 'plan dev', 'up dev --dry-run'])
      expect(await runIn(files, line)).toMatchObject({ exit: 0 })
    expect(await postgres.psql('taken_read', "select to_regclass('po_migrate.ledger')")).toBe('')
  })

  it('are taken into a ledger of a release that knew fewer outcomes', async () => {
    using files = await adopt('taken_older')
    files.migrations({ taken_older: { '00003_c.sql': migration('create table c (id int);') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql(
      'taken_older',
      `delete from po_migrate.ledger where version < '00003';
       alter table po_migrate.ledger drop constraint ledger_outcome_check;
       alter table po_migrate.ledger add constraint ledger_outcome_check
         check (outcome in ('running', 'done', 'failed', 'accepted'))`,
    )
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await rows('taken_older')).toBe('00003 done, 00001 adopted unproven, 00002 adopted unproven')
  })

  it('stay unknown where the ledger takes no row; that is told, and stops nothing', async () => {
    using files = await adopt('taken_closed')
    await postgres.psql(
      'taken_closed',
      `create function no() returns event_trigger language plpgsql as $$ begin raise 'no tables here'; end $$;
       create event trigger no_tables on ddl_command_start when tag in ('CREATE SCHEMA') execute function no()`,
    )
    const { exit, stdout, stderr } = await runIn(files, 'up dev')
    expect(exit, stderr).toBe(0)
    expect(stdout).toContain('nothing to do')
    expect(stderr).toContain('taken_closed: 2 files applied before cannot be taken in')
  })
})
