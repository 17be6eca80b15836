import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, run } from '../support/engine/docker.ts'
import { closeGate } from '../support/postgres/gate.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

/** A server that logs each query with the session's name: between two files of a database that was there, this tool asks once. */
let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
  await postgres.psql('postgres', "alter system set log_statement = 'all'")
  await postgres.psql('postgres', "alter system set log_line_prefix = '@ %a @ '")
  await postgres.psql('postgres', 'select pg_reload_conf()')
})
afterAll(() => postgres[Symbol.asyncDispose]())

const table = (name: string): string => migration(`create table ${name} (id int);`, `drop table ${name};`)
const outside = (name: string): string =>
  `-- migrate:up transaction:false\ncreate table ${name} (id int);\n\n-- migrate:down transaction:false\ndrop table ${name};\n`
const named = (files: readonly string[]): Record<string, string> =>
  Object.fromEntries(files.map((text, index) => [`0000${index + 1}_file.sql`, text]))

const project = async (database: string, files: readonly string[]): Promise<Project> => {
  await postgres.psql('postgres', `drop database if exists ${database} with (force)`)
  await postgres.psql('postgres', `create database ${database}`)
  return makeProject({ network: postgres.network, store: { [database]: named(files) }, state: 'state' })
}

const rows = (database: string): Promise<string> =>
  postgres.psql(
    database,
    "select string_agg(version || ' ' || direction || ' ' || outcome, ', ' order by id) from po_migrate.ledger",
  )

const watching = /pg_blocking_pids|pg_stat_progress_create_index/

type Asked = { who: string; query: string }

const askedSince = async (seen: number): Promise<Asked[]> => {
  const { stderr } = await run('docker', ['logs', postgres.container])
  return stderr
    .split('\n@ ')
    .slice(seen)
    .flatMap((line) => {
      const [, who = '', query = ''] =
        /^(.*?) @ LOG: {2}(?:statement|execute \S+): ([\s\S]*)$/.exec(line) ?? []
      return who ? { who, query } : []
    })
}

const countLines = async (): Promise<number> =>
  (await run('docker', ['logs', postgres.container])).stderr.split('\n@ ').length

/** What the tool's own sessions asked between dbmate's end of one file, and its first word of the next. */
const betweenFiles = (asked: readonly Asked[]): string[][] => {
  const gaps: string[][] = []
  for (const { who, query } of asked) {
    // Not the lock's session, which says now and then that it is alive, nor a look at a file that takes long.
    if (who.endsWith(' dbmate')) gaps.push([])
    else if (who.endsWith(' reader') && !watching.test(query)) gaps.at(-1)?.push(query)
  }
  return gaps.slice(0, -1).filter((gap) => gap.length > 0)
}

const askedBy = async (files: Project, verb: string): Promise<string[][]> => {
  const seen = await countLines()
  const { exit, stderr } = await runIn(files, verb)
  expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' })
  return betweenFiles(await askedSince(seen))
}

describe('between two files of a database that was there', () => {
  it('it is asked once, applying', async () => {
    using files = await project('trip_up', ['a', 'b', 'c', 'd'].map(table))
    const gaps = await askedBy(files, 'up dev')
    expect(gaps.map(({ length }) => length)).toEqual([1, 1, 1])
    for (const [query] of gaps) expect(query).toContain('update po_migrate.ledger')
    expect(await rows('trip_up')).toBe('00001 up done, 00002 up done, 00003 up done, 00004 up done')
    const timed = 'select count(*) from po_migrate.ledger where duration_ms between 0 and 60000'
    expect(await postgres.psql('trip_up', timed)).toBe('4')
  })

  it('it is asked once, rolling back', async () => {
    using files = await project('trip_down', ['a', 'b', 'c'].map(table))
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const gaps = await askedBy(files, 'rollback dev --db trip_down --to 0')
    expect(gaps.map(({ length }) => length)).toEqual([1, 1])
    expect(await rows('trip_down')).toContain('00003 down done, 00002 down done, 00001 down done')
  })

  it('a file outside a transaction has its row only when it begins', async () => {
    using files = await project('trip_outside', [table('a'), outside('b'), table('c')])
    const gaps = await askedBy(files, 'up dev')
    expect(gaps.map(({ length }) => length)).toEqual([4, 1])
    expect(await rows('trip_outside')).toBe('00001 up done, 00002 up done, 00003 up done')
  })
})

describe('a row that was written before its file began', () => {
  it('is not written where a version came that nobody expects', async () => {
    const meddling = migration(
      "do $$ begin execute 'insert into schema_' || 'migrations values (''99999'')'; end $$;",
    )
    using files = await project('trip_meddled', [table('a'), meddling, table('c')])
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain('schema_migrations changed under this run: 99999 came.')
    expect(await rows('trip_meddled')).toBe('00001 up done, 00002 up done')
  })

  it('is refused as ever, and the file before it is done', async () => {
    using files = await project('trip_refused', [table('a')])
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql(
      'trip_refused',
      `create function stop() returns trigger language plpgsql as $$ begin raise exception 'no row for it'; end $$;
       create trigger shut before insert on po_migrate.ledger for each row when (new.version = '00003') execute function stop()`,
    )
    files.migrations({ trip_refused: named([table('a'), table('b'), table('c')]) })
    const { exit, stderr } = await runIn(files, 'up dev')
    expect(exit).toBe(1)
    expect(stderr).toContain(
      'trip_refused: Postgres refused the ledger, po_migrate.ledger: no row for it (P0001).',
    )
    expect(stderr).toContain('00003_file.sql was not started.')
    expect(await rows('trip_refused')).toBe('00001 up done, 00002 up done')
    expect(await postgres.versions('trip_refused')).toBe('00001 00002')
  })

  it('is taken back where its file does not begin after all', async () => {
    using files = await project('trip_halted', [table('a')])
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await using gate = await closeGate(postgres, 'trip_halted')
    await postgres.psql(
      'trip_halted',
      `create function wait() returns trigger language plpgsql as $f$ begin execute $q$${gate.sql}$q$; return new; end $f$;
       create trigger slow before insert on po_migrate.ledger for each row when (new.version = '00003') execute function wait()`,
    )
    files.migrations({ trip_halted: named([table('a'), table('b'), table('c')]) })
    const tool = startTool(['up', 'dev'], { cwd: files.directory })
    await eventually('the row to be written', async () => {
      const sql = `select 1 from pg_stat_activity where query like '%update po_migrate.ledger%' and application_name like '% reader'
        and state = 'active'`
      return (await postgres.psql('postgres', sql)) !== '' || undefined
    })
    expect(await rows('trip_halted')).toBe('00001 up done, 00002 up running')
    tool.child.kill('SIGINT')
    await eventually('the interrupt to be heard', async () => tool.stderr().includes('again to end it now'))
    await gate.open()
    const { exit, stderr } = await tool.ended
    expect({ exit, stderr }).toMatchObject({ exit: 130, stderr: expect.stringContaining('1 not started') })
    expect(await rows('trip_halted')).toBe('00001 up done, 00002 up done')
    expect(await postgres.versions('trip_halted')).toBe('00001 00002')
  })
})
