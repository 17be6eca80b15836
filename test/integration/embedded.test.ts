import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEmbeddedEngine } from '../../src/io/embedded/engine.ts'
import { loadEmbeddedPackages } from '../../src/io/embedded/packages.ts'
import { type EmbeddedServer, startEmbeddedServer } from '../../src/io/embedded/server.ts'
import { runShell } from '../../src/io/host/shell.ts'
import type { Environment } from '../../src/model/types.ts'
import {
  makeProject,
  migration,
  type Project,
  type ProjectConfig,
  type Store,
} from '../support/tool/project.ts'
import { stateAt } from '../support/tool/state.ts'
import { runTool, type ToolResult } from '../support/tool/tool.ts'

const realStore = join(import.meta.dirname, '../../infrastructure/migrations')

/** One state directory, and an environment of its own for each test: the empty cluster is made once. */
const state = mkdtempSync(join(tmpdir(), 'po-migrate-state-'))
afterAll(() => rmSync(state, { recursive: true }))

type EmbeddedOptions = { environment: string; store: Store; edit?: (config: ProjectConfig) => void }

const makeEmbedded = ({ environment, store, edit }: EmbeddedOptions): Project =>
  makeProject({
    network: 'none',
    store,
    edit: (config) => {
      config.state = state
      config.environments = { [environment]: { engine: 'embedded', wait: 0, policy: { warnings: 'allow' } } }
      edit?.(config)
    },
  })

const tool = (project: Project, ...args: string[]): Promise<ToolResult> =>
  runTool(args, { cwd: project.directory })

describe('the embedded engine', () => {
  it('applies the real store with real dbmate, once, and keeps it between runs', async () => {
    const edit = (config: ProjectConfig): void => {
      config.migrations = realStore
    }
    using project = makeEmbedded({ environment: 'real', store: {}, edit })
    const plan = await tool(project, 'plan', 'real', '--exit-code')
    expect(plan.exit).toBe(3)
    expect(plan.stdout).toContain('00001_pgvector_initial.sql')
    const first = await tool(project, 'up', 'real')
    expect(first).toMatchObject({ exit: 0, stdout: expect.stringContaining('7 migrations applied') })
    const status = await tool(project, 'status', 'real', '--json')
    expect(JSON.parse(status.stdout).environments[0].databases).toMatchObject([
      { name: 'calendar', exists: true, applied: 5, pending: 0 },
      { name: 'iam', exists: true, applied: 1, pending: 0 },
      { name: 'rag', exists: true, applied: 1, pending: 0 },
    ])
    const second = await tool(project, 'up', 'real')
    const nothing = 'real: nothing to do, 7 migrations applied in 3 databases.\n'
    expect(second).toMatchObject({ exit: 0, stdout: nothing })
    const directories = readdirSync(join(state, 'shop/embedded/real')).sort()
    expect(directories).toEqual(['calendar', 'iam', 'postgres', 'rag'])
  })

  it('rolls a failing migration back, says where it failed and why, and goes on from there', async () => {
    using project = makeEmbedded({
      environment: 'failing',
      store: {
        crm: { '00001_a.sql': migration('create table a (id int primary key);\ninsert into a values (1);') },
        shop: { '00001_a.sql': migration('create table s (id int);\nselect nothing from s;') },
      },
    })
    const failed = await tool(project, 'up', 'failing')
    expect(failed.exit).toBe(1)
    expect(failed.stderr).toContain('shop: 00001_a.sql failed at line 3: column "nothing" does not exist')
    expect(failed.stderr).toMatch(/crm +done/)
    project.migrations({
      crm: { '00002_b.sql': migration('insert into a values (2);\ninsert into a values (1);') },
      shop: { '00001_a.sql': migration('create table s (id int);') },
    })
    const again = await tool(project, 'up', 'failing')
    expect(again.exit).toBe(1)
    expect(again.stderr).toContain('DETAIL: Key (id)=(1) already exists.')
    const kept = `do $$ begin if (select sum(id) from a) <> 1 then raise exception 'lost or kept too much'; end if; end $$;`
    project.migrations({ crm: { '00002_b.sql': migration(kept) } })
    const fixed = await tool(project, 'up', 'failing')
    expect(fixed.exit, fixed.stderr).toBe(0)
  })

  it('keeps dbmate’s table where the config says', async () => {
    const edit = (config: ProjectConfig): void => {
      config.databases = { shop: { migrations_table: 'app_meta.versions', search_path: 'public' } }
    }
    const store = { shop: { '00001_a.sql': migration('create schema app;') } }
    using project = makeEmbedded({ environment: 'path', store, edit })
    const { exit, stderr } = await tool(project, 'up', 'path')
    expect(exit, stderr).toBe(0)
    expect((await tool(project, 'up', 'path')).stdout).toContain('nothing to do')
  })

  it('passes doctor without Docker', async () => {
    const store = { shop: { '00001_a.sql': migration('select 1;') } }
    using project = makeEmbedded({ environment: 'healthy', store })
    const { exit, stdout } = await tool(project, 'doctor')
    expect(stdout).toContain('dbmate version 2.36.0')
    expect(stdout).not.toContain('docker')
    expect(exit).toBe(0)
  })
})

const environment: Environment = {
  name: 'alone',
  host: { name: 'local' },
  engine: 'embedded',
  network: '',
  confirm: false,
  policy: { outOfOrder: 'refuse', missing: 'refuse', edited: 'refuse', warnings: 'refuse' },
  rehearse: 'off',
  service: 'postgres',
  port: 5432,
  user: 'postgres',
  maintenance: 'postgres',
  wait: 0,
  lockTimeout: 5,
  databases: [],
}

describe('the embedded data', () => {
  it('is open for one run at a time, and free when that run ends', async () => {
    const options = { environment, state: stateAt(state), run: 'r', shell: runShell, onWait: () => {} }
    {
      await using engine = await openEmbeddedEngine(options)
      await expect(openEmbeddedEngine(options)).rejects.toMatchObject({ exitCode: 5 })
      await expect(engine.server.query('nowhere', 'select 1')).rejects.toMatchObject({
        exitCode: 6,
        message: expect.stringContaining('database "nowhere" does not exist'),
      })
    }
    await using again = await openEmbeddedEngine(options)
    expect(await again.server.query('postgres', 'select 1 as one')).toEqual([{ one: 1 }])
  })
})

describe('embedded data that were begun before the config named its project', () => {
  it('go on being used where they stand', async () => {
    const before = stateAt(state, 'path-0123456789ab')
    const named = { ...stateAt(state, 'named-later'), own: ['named-later', before.project] }
    const options = {
      environment: { ...environment, name: 'named' },
      run: 'r',
      shell: runShell,
      onWait: () => {},
    }
    {
      await using engine = await openEmbeddedEngine({ ...options, state: before })
      await engine.server.query('postgres', 'create table kept (id int)')
    }
    await using again = await openEmbeddedEngine({ ...options, state: named })
    expect(await again.server.query('postgres', 'select count(*)::int as n from kept')).toEqual([{ n: 0 }])
  })
})

describe('sessions of one embedded database', () => {
  let server: EmbeddedServer
  const clients: pg.Client[] = []
  const connect = async (options: pg.ClientConfig = {}): Promise<pg.Client> => {
    const { address: host, port } = server
    const client = new pg.Client({ host, port, user: 'anyone', database: 'postgres', ...options })
    await client.connect()
    clients.push(client)
    return client
  }
  beforeAll(async () => {
    server = await startEmbeddedServer(join(state, 'embedded/sessions'), await loadEmbeddedPackages())
  })
  afterAll(async () => {
    await Promise.allSettled(clients.map((client) => client.end()))
    await server[Symbol.asyncDispose]()
  })

  it('do not see each other’s settings and prepared statements', async () => {
    const one = await connect({ application_name: 'one', options: '-c lock_timeout=5s' })
    const two = await connect({ application_name: 'two' })
    await one.query(`set search_path = 'elsewhere'`)
    await one.query({ name: 'same', text: 'select 1 as n' })
    const show = `select current_setting('search_path') as path, current_setting('lock_timeout') as wait, current_setting('application_name') as name`
    expect((await two.query(show)).rows).toEqual([{ path: 'public', wait: '0', name: 'two' }])
    expect((await two.query({ name: 'same', text: 'select 2 as n' })).rows).toEqual([{ n: 2 }])
    expect((await one.query(show)).rows).toMatchObject([{ wait: '5s', name: 'one' }])
  })

  it('wait for the end of another’s transaction, and a lost connection ends its own', async () => {
    const one = await connect()
    const two = await connect()
    await two.query('create table t (id int)')
    await one.query('begin')
    await one.query('insert into t values (1)')
    const seen = two.query('select count(*)::int as n from t')
    await one.query('insert into t values (2)')
    await one.query('commit')
    expect((await seen).rows).toEqual([{ n: 2 }])
    await one.query('begin')
    await one.query('insert into t values (3)')
    await one.end()
    expect((await two.query('select count(*)::int as n from t')).rows).toEqual([{ n: 2 }])
  })

  it('come in tens, with big messages', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => connect()))
    const text = 'x'.repeat(300_000)
    const lengths = await Promise.all(many.map((client) => client.query('select length($1) as n', [text])))
    expect(lengths.every(({ rows }) => rows[0].n === text.length)).toBe(true)
  })
})
