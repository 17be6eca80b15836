import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { docker } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'
import { readEvents } from '../support/tool/events.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const project = (store: Store): Project =>
  makeProject({
    network: 'none',
    store,
    edit: (config) => {
      config.state = 'state'
    },
  })
const image = `--image ${postgresImage}`

const good = migration('create table a (id int primary key);', 'drop table a;')
const store: Store = {
  shop: {
    '00001_good.sql': good,
    '00002_leaves.sql': migration(
      'create table b (id int); create index b_id on b (id);',
      'drop index b_id;',
    ),
    '00003_empty.sql': migration('create view v as select 1 as one;'),
    '00004_declared.sql': `-- po-migrate:irreversible the data are gone\n${migration('create table d (id int);')}`,
    '00005_wrong_down.sql': migration('create table e (id int);', 'drop table nowhere;'),
    '00006_once.sql': migration("create type m as enum ('a');", 'alter type m rename to n; drop type n;'),
  },
}

describe('verify', () => {
  it('finds each down section that does not bring back what was there, and goes on with the next file', async () => {
    using files = project(store)
    const result = await runIn(files, `verify ${image} --junit verify.xml --json`)
    const { steps, finished, started } = readEvents(result)
    expect([started.command, finished.exit]).toEqual(['verify', 1])
    expect(steps.map(({ migration: file, status }) => `${file} ${status}`)).toEqual([
      '00001_good.sql done',
      '00002_leaves.sql failed',
      '00003_empty.sql failed',
      '00004_declared.sql done',
      '00005_wrong_down.sql failed',
      '00006_once.sql done',
    ])
    expect(steps[1]?.error).toMatchObject({
      message: expect.stringContaining('does not bring back'),
      details: expect.arrayContaining(['table public.b']),
      hint: expect.stringContaining('-- po-migrate:irreversible REASON'),
    })
    expect(steps[2]?.error?.message).toContain('empty down section')
    expect(steps[4]?.error?.message).toContain('table "nowhere" does not exist')
    expect(readFileSync(join(files.directory, 'verify.xml'), 'utf8')).toMatch(/tests="6" failures="3"/)
    expect(await docker(['ps', '--all', '--quiet', '--filter', 'label=po-migrate.environment=verify'])).toBe(
      '',
    )
  })

  it('tells the time of each file, and a merge request what is wrong on which line', async () => {
    using files = project({ shop: { '00001_good.sql': good } })
    const { exit, stdout } = await runIn(files, `verify ${image}`)
    expect([exit, stdout]).toEqual([
      0,
      expect.stringMatching(/00001_good.sql +up \d+ ms +down \d+ ms +again \d+ ms/),
    ])
    files.migrations({ shop: { '00002_empty.sql': migration('create table z (id int);') } })
    const quality = await runIn(files, `verify ${image} --format codequality`)
    expect(quality.exit).toBe(1)
    expect(JSON.parse(quality.stdout)).toMatchObject([
      {
        check_name: 'verify-empty-down',
        location: { path: 'migrations/shop/00002_empty.sql', lines: { begin: 4 } },
      },
    ])
  })

  it('stops at a file whose up section fails, and says what was not reached', async () => {
    using files = project({
      shop: {
        '00001_bad.sql': migration('create table a (id nothing);', 'drop table a;'),
        '00002_a.sql': good,
      },
    })
    const { steps, finished } = readEvents(await runIn(files, `verify ${image} --json`))
    expect([finished.exit, ...steps.map(({ status }) => status)]).toEqual([1, 'failed', 'skipped'])
    expect(steps[0]?.error?.message).toContain('type "nothing" does not exist')
  })

  it('takes with --only-new what the default branch has not', async () => {
    using files = project({ shop: { '00001_good.sql': good } })
    const git = (...args: string[]): void =>
      void execFileSync('git', ['-C', files.directory, ...args], { stdio: 'ignore' })
    git('init', '--initial-branch', 'main')
    git('add', '.')
    git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '--message', 'first')
    expect((await runIn(files, `verify ${image} --only-new`)).stdout).toContain('verify: 0 migrations')
    files.migrations({
      shop: { '00002_new.sql': migration('alter table a add b int;', 'alter table a drop b;') },
    })
    const { stdout, exit } = await runIn(files, `verify ${image} --only-new`)
    expect([exit, stdout]).toEqual([0, expect.stringContaining('00002_new.sql')])
    expect(stdout).not.toContain('00001_good.sql')
  })

  it('says which image it would have to be told where no environment tells one', async () => {
    using files = project({ shop: { '00001_good.sql': good } })
    const { exit, stderr } = await runIn(files, 'verify')
    expect([exit, stderr]).toEqual([2, expect.stringContaining('po-migrate verify --image')])
  })
})
