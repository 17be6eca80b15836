import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { historyDocument, statusDocument } from '../../src/report/documents.ts'
import { toolVersion } from '../../src/version.ts'
import { docker, run } from '../support/engine/docker.ts'
import { dbmateImage } from '../support/engine/images.ts'
import { dbmate } from '../support/postgres/dbmate.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runTool, type ToolOptions, type ToolResult } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (store: Store): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
  })

const tool = (
  { directory }: Project,
  args: string,
  options: Omit<ToolOptions, 'cwd'> = {},
): Promise<ToolResult> => runTool(args.split(' '), { cwd: directory, ...options })

// biome-ignore lint/suspicious/noExplicitAny: rows as Postgres makes JSON of them
const rows = async (database: string): Promise<any[]> =>
  JSON.parse(await postgres.psql(database, 'select json_agg(l order by id) from po_migrate.ledger l'))

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const git = async ({ directory }: Project, ...args: string[]): Promise<string> => {
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@t']
  const { exit, stdout, stderr } = await run('git', ['-C', directory, ...who, ...args])
  if (exit !== 0) throw new Error(`git ${args[0]}: ${stderr}`)
  return stdout.trim()
}

const commitAll = async (files: Project): Promise<string> => {
  await git(files, 'init', '--quiet')
  await git(files, 'add', 'infrastructure')
  await git(files, 'commit', '--quiet', '--message', 'first')
  return git(files, 'rev-parse', 'HEAD')
}

const create = migration('create table a (id int);')

describe('the ledger', () => {
  it('has one row with all its fields for a file that was applied', async () => {
    const text = `-- po-migrate:irreversible it is a test\r\n${create.replaceAll('\n', '\r\n')}`
    using files = project({ led_done: { '00001_a.sql': text } })
    const head = await commitAll(files)
    const env = { CI_JOB_URL: 'https://gitlab.example/jobs/7', GITLAB_USER_LOGIN: 'ada' }
    const { started } = readEvents(await tool(files, 'up dev --json', { env }))
    const image = await docker(['image', 'inspect', '--format', '{{.Id}}', dbmateImage])
    const [row, ...others] = await rows('led_done')
    expect(others).toEqual([])
    expect(row).toEqual({
      id: 1,
      run: started.run,
      version: '00001',
      file: '00001_a.sql',
      sha256: sha256(create),
      git_commit: head,
      git_dirty: false,
      actor: 'ada@test-machine',
      job_url: 'https://gitlab.example/jobs/7',
      tool: toolVersion(),
      dbmate: dbmateImage,
      image,
      started_at: expect.any(String),
      duration_ms: expect.any(Number),
      direction: 'up',
      outcome: 'done',
      error: null,
    })
    expect(row.duration_ms).toBeGreaterThan(0)
    expect(Math.abs(Date.now() - Date.parse(row.started_at))).toBeLessThan(60_000)
  })

  it('has a row for each attempt of a file that failed, with its error, and then one for its success', async () => {
    using files = project({
      led_failed: { '00001_a.sql': create, '00002_b.sql': migration('insert into nothing values (1);') },
    })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 1 })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 1 })
    files.migrations({ led_failed: { '00002_b.sql': migration('insert into a values (1);') } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    const found = await rows('led_failed')
    expect(found.map(({ version, outcome }) => `${version} ${outcome}`)).toEqual([
      '00001 done',
      '00002 failed',
      '00002 failed',
      '00002 done',
    ])
    expect(found[1]).toMatchObject({
      error: expect.stringContaining('relation "nothing" does not exist'),
      duration_ms: expect.any(Number),
      sha256: sha256(migration('insert into nothing values (1);')),
    })
    expect(new Set(found.map(({ run: id }) => id)).size).toBe(3)
    expect(await postgres.versions('led_failed')).toBe('00001 00002')
  })

  it('says who ran it at a terminal, and that files differ from the commit, in any database of the store', async () => {
    using files = project({ led_dirty_a: { '00001_a.sql': create }, led_dirty_b: { '00001_a.sql': create } })
    const head = await commitAll(files)
    files.migrations({ led_dirty_b: { '00002_b.sql': migration('select 2;') } })
    const process = startTool(['up', 'dev'], { cwd: files.directory })
    expect(await process.ended).toMatchObject({ exit: 0 })
    const login = (await run('id', ['--user', '--name'])).stdout.trim()
    for (const database of ['led_dirty_a', 'led_dirty_b'])
      expect((await rows(database))[0]).toMatchObject({
        actor: `${login}@${hostname()}`,
        job_url: null,
        git_commit: head,
        git_dirty: true,
      })
  })

  it('takes the commit from a release that has a REVISION file, and none where nothing tells', async () => {
    using files = project({ led_release: { '00001_a.sql': create } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    await commitAll(files)
    files.write('REVISION', '4f2ac0de dirty\n')
    files.migrations({ led_release: { '00002_b.sql': migration('select 2;') } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await rows('led_release')).toMatchObject([
      { git_commit: null, git_dirty: null },
      { git_commit: '4f2ac0de', git_dirty: true },
    ])
  })

  it('gets no row from a run that has nothing to do, nor from plan, status and history', async () => {
    using files = project({ led_idle: { '00001_a.sql': create } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    const before = await rows('led_idle')
    for (const args of ['up dev', 'plan dev', 'status dev', 'history dev', 'up dev --dry-run'])
      expect(await tool(files, args)).toMatchObject({ exit: 0 })
    expect(await rows('led_idle')).toEqual(before)
    expect(before).toHaveLength(1)
  })

  it("leaves dbmate's table as dbmate would have made it", async () => {
    const store = { led_tool: { '00001_a.sql': create }, led_bare: { '00001_a.sql': create } }
    using files = project(store)
    expect(await tool(files, 'up dev --db led_tool')).toMatchObject({ exit: 0 })
    const directory = (name: string): string => join(files.directory, 'infrastructure/migrations', name)
    const bare = { database: 'led_bare', directory: directory('led_bare') }
    expect(await dbmate(postgres, bare, 'up')).toMatchObject({ exit: 0 })
    const shape = `select json_agg(json_build_array(column_name, data_type, is_nullable, column_default))
      from information_schema.columns where table_name = 'schema_migrations'`
    expect(await postgres.psql('led_tool', shape)).toBe(await postgres.psql('led_bare', shape))
    const status = await dbmate(
      postgres,
      { database: 'led_tool', directory: directory('led_tool') },
      'status',
    )
    expect(status).toMatchObject({ exit: 0, stdout: expect.stringContaining('Pending: 0') })
    expect(status.stdout).toContain('[X] 00001_a.sql')
  })

  it('takes in a database that bare dbmate has migrated, and records what comes after', async () => {
    using files = project({ led_taken: { '00001_a.sql': create } })
    const directory = join(files.directory, 'infrastructure/migrations/led_taken')
    expect(await dbmate(postgres, { database: 'led_taken', directory }, 'up')).toMatchObject({ exit: 0 })
    expect(await tool(files, 'status dev --exit-code')).toMatchObject({ exit: 0, stderr: '' })
    expect(await tool(files, 'history dev')).toMatchObject({
      exit: 0,
      stdout: 'dev: nothing in the ledger yet.\n',
    })
    expect(await tool(files, 'up dev')).toMatchObject({
      exit: 0,
      stdout: 'dev: nothing to do, 1 migration applied in 1 database.\n',
    })
    files.migrations({ led_taken: { '00002_b.sql': migration('alter table a add b int;') } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await rows('led_taken')).toMatchObject([
      { version: '00001', outcome: 'adopted unproven' },
      { version: '00002', outcome: 'done' },
    ])
    expect(await postgres.versions('led_taken')).toBe('00001 00002')
  })
})

describe('history', () => {
  let files: Project
  beforeAll(async () => {
    files = project({ led_hist_a: { '00001_a.sql': create }, led_hist_b: { '00001_a.sql': create } })
    await tool(files, 'up dev')
    files.migrations({ led_hist_a: { '00002_b.sql': migration('alter table a add b int;') } })
    await tool(files, 'up dev')
    files.migrations({ led_hist_b: { '00002_b.sql': migration('insert into nothing values (1);') } })
    await tool(files, 'up dev')
  })
  afterAll(() => files[Symbol.dispose]())

  it('tells of all databases in the order of time, as a document of the shipped schema', async () => {
    const { exit, stdout } = await tool(files, 'history dev --json')
    expect(exit).toBe(0)
    const { entries, environment } = historyDocument.parse(JSON.parse(stdout))
    expect(environment).toBe('dev')
    expect(entries.map(({ database, version, outcome }) => `${database} ${version} ${outcome}`)).toEqual([
      'led_hist_a 00001 done',
      'led_hist_b 00001 done',
      'led_hist_a 00002 done',
      'led_hist_b 00002 failed',
    ])
    const times = entries.map(({ startedAt }) => startedAt)
    expect(times).toEqual([...times].sort())
    expect(entries.at(-1)?.error).toContain('relation "nothing" does not exist')
  })

  it('tells people when, where, what, how long and by whom, and the error under a failure', async () => {
    const { stdout } = await tool(files, 'history dev')
    const [head, ...lines] = stdout.trimEnd().split('\n')
    expect(head).toBe('dev · times in UTC')
    expect(lines).toHaveLength(5)
    const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d'
    expect(lines[0]).toMatch(
      new RegExp(`✔ +${time} +led_hist_a +00001_a\\.sql +[\\d.]+ m?s +tester@test-machine$`),
    )
    expect(lines[3]).toMatch(new RegExp(`✖ +${time} +led_hist_b +00002_b\\.sql`))
    expect(lines[4]).toContain('relation "nothing" does not exist')
  })

  it('tells of one database with --db', async () => {
    const { stdout } = await tool(files, 'history dev --db led_hist_a --json')
    const { entries } = historyDocument.parse(JSON.parse(stdout))
    expect(entries.map(({ database, version }) => `${database} ${version}`)).toEqual([
      'led_hist_a 00001',
      'led_hist_a 00002',
    ])
  })
})

describe('a file that was changed after it was applied', () => {
  it('is edited for status, in words and in JSON, and does not change --exit-code', async () => {
    using files = project({ led_edit: { '00001_a.sql': create, '00002_b.sql': migration('select 2;') } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    files.migrations({ led_edit: { '00001_a.sql': migration('create table a (id bigint);') } })
    const text = await tool(files, 'status dev --exit-code')
    expect(text.exit).toBe(0)
    expect(text.stdout).toMatch(/00001_a\.sql +edited/)
    const json = await tool(files, 'status dev --exit-code --json')
    expect(json.exit).toBe(0)
    const [environment] = statusDocument.parse(JSON.parse(json.stdout)).environments
    expect(environment?.databases).toMatchObject([
      {
        applied: 2,
        pending: 0,
        migrations: [
          { version: '00001', state: 'edited' },
          { version: '00002', state: 'applied' },
        ],
      },
    ])
  })

  it('is not edited when only line ends and directives differ', async () => {
    using files = project({ led_same: { '00001_a.sql': create } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    const text = `-- po-migrate:ignore rule why\n${create}`.replaceAll('\n', '\r\n')
    files.migrations({ led_same: { '00001_a.sql': text } })
    const { stdout } = await tool(files, 'status dev --json')
    const [environment] = statusDocument.parse(JSON.parse(stdout)).environments
    expect(environment?.databases[0]?.migrations).toMatchObject([{ state: 'applied' }])
  })

  it('is measured by what was applied, not by an attempt that failed before', async () => {
    using files = project({ led_retry: { '00001_a.sql': migration('insert into nothing values (1);') } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 1 })
    files.migrations({ led_retry: { '00001_a.sql': create } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    expect((await tool(files, 'status dev')).stdout).not.toContain('edited')
  })
})
