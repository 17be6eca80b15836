import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { docker, eventually } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn, runTool } from '../support/tool/tool.ts'

const project = (store: Store): Project =>
  makeProject({
    network: 'none',
    store,
    state: 'state',
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

const verdicts = [
  '00001_good.sql done',
  '00002_leaves.sql failed',
  '00003_empty.sql failed',
  '00004_declared.sql done',
  '00005_wrong_down.sql failed',
  '00006_once.sql done',
]

describe('verify', () => {
  it('finds each down section that does not bring back what was there, and goes on with the next file', async () => {
    using files = project(store)
    const result = await runIn(files, `verify ${image} --junit verify.xml --json`)
    const { steps, finished, started } = readEvents(result)
    expect([started.command, finished.exit]).toEqual(['verify', 1])
    expect(steps.map(({ migration: file, status }) => `${file} ${status}`)).toEqual(verdicts)
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

describe('verify --engine embedded', () => {
  const without = { DOCKER_HOST: 'unix:///no/docker/here.sock' }
  const embedded = (files: Project, more = '') =>
    runTool(['verify', '--engine', 'embedded', ...more.split(' ').filter(Boolean)], {
      cwd: files.directory,
      env: without,
    })
  const left = (files: Project): string[] =>
    readdirSync(files.directory, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.includes('.verify'),
    )

  it('finds the same as on a server in a container, needs no Docker, and leaves nothing', async () => {
    using files = project(store)
    const { steps, finished } = readEvents(await embedded(files, '--json'))
    expect(finished.exit).toBe(1)
    expect(steps.map(({ migration: file, status }) => `${file} ${status}`)).toEqual(verdicts)
    expect(steps[1]?.error).toMatchObject({
      message: expect.stringContaining('does not bring back'),
      details: expect.arrayContaining(['table public.b']),
    })
    expect(left(files)).toEqual([])
  }, 90_000)

  it('is what it does where all environments are embedded, and says what it cannot take', async () => {
    using files = makeProject({
      network: 'none',
      store: { shop: { '00001_good.sql': good }, other: { '00001_good.sql': good } },
      state: 'state',
      edit: (config) => {
        config.environments = { dev: { engine: 'embedded' } }
      },
    })
    const ended = await runTool(['verify'], { cwd: files.directory, env: without })
    expect([ended.exit, ended.stderr]).toEqual([0, expect.not.stringContaining('Docker')])
    expect(ended.stdout.match(/00001_good.sql +up \d+ ms +down \d+ ms +again \d+ ms/g)).toHaveLength(2)
    const image = await embedded(files, '--image postgres:17')
    expect([image.exit, image.stderr]).toEqual([2, expect.stringContaining('--engine embedded starts none')])
  }, 90_000)

  it('begins anew after a run that was killed, and waits for one that is alive', async () => {
    using files = project({
      shop: {
        '00001_slow.sql': migration('select pg_sleep(0.2); create table a (id int);', 'drop table a;'),
      },
    })
    const args = ['verify', '--engine', 'embedded']
    const killed = startTool(args, { cwd: files.directory, env: without })
    await eventually('its data', () => (left(files).length > 3 ? true : undefined))
    killed.child.kill('SIGKILL')
    await killed.ended
    const one = startTool(args, { cwd: files.directory, env: without })
    const other = startTool(args, { cwd: files.directory, env: without })
    const ended = await Promise.all([one.ended, other.ended])
    expect(ended.map(({ exit, stderr }) => [exit, exit === 0 ? '' : stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
    expect(left(files)).toEqual([])
  }, 90_000)
})
