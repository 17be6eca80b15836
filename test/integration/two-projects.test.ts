import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { historyDocument } from '../../src/report/documents.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project, type ProjectConfig } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

/** Two projects with one state directory, both with a `dev` and a database `app`, each on a server of its own. */
let servers: TestPostgres[]
let state: string
beforeAll(async () => {
  servers = await Promise.all([startPostgres(), startPostgres()])
})
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]()
})
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'pmt-two-'))
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

type Made = Project & { name: string; postgres: TestPostgres }

const make = async (name: string, index: number, edit?: (config: ProjectConfig) => void): Promise<Made> => {
  const postgres = servers[index]
  if (!postgres) throw new Error('no such server')
  const project = makeProject({
    network: postgres.network,
    store: { app: { '00001_things.sql': migration('create table things (id int primary key);') } },
    edit: (config) => {
      Object.assign(config, { project: name, state })
      edit?.(config)
    },
  })
  await postgres.psql('postgres', 'drop database if exists app with (force)')
  expect(await tool(project, 'up', 'dev')).toMatchObject({ exit: 0 })
  return { ...project, name, postgres }
}

const tool = ({ directory }: Project, ...args: string[]) => runTool(args, { cwd: directory })

const backupsOf = (directory: string): string[] =>
  readdirSync(join(directory, 'backups'))
    .sort()
    .map((name) => join(directory, 'backups', name))

const backUp = async (project: Made): Promise<string> => {
  const known = new Set(backupsOfOrNone(join(state, project.name)))
  const { exit, stderr } = await tool(project, 'backup', 'dev')
  expect({ exit, stderr }).toMatchObject({ exit: 0 })
  const [made = ''] = backupsOf(join(state, project.name)).filter((path) => !known.has(path))
  return made
}

const backupsOfOrNone = (directory: string): string[] => {
  try {
    return backupsOf(directory)
  } catch {
    return []
  }
}

const manifestOf = (backup: string) => JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8'))

const edit = (backup: string, change: (manifest: ProjectConfig) => void): void => {
  const manifest = manifestOf(backup)
  change(manifest)
  writeFileSync(join(backup, 'manifest.json'), JSON.stringify(manifest))
}

/** As a release left it that knew no projects: right below the state directory, and naming nobody. */
const makeOld = (backup: string): string => {
  const old = join(state, 'backups', backup.split('/').at(-1) ?? '')
  mkdirSync(dirname(old), { recursive: true })
  renameSync(backup, old)
  edit(old, (manifest) => {
    for (const key of ['project', 'sequence', 'volume', 'systemIdentifier']) delete manifest[key]
  })
  return old
}

const retainOne = (config: ProjectConfig): void => {
  config.retain = { backups: 1 }
}

const check = async (project: Project, title: string, ...flags: string[]) => {
  const { stdout } = await tool(project, 'doctor', 'dev', '--json', ...flags)
  const { checks } = JSON.parse(stdout) as {
    checks: { title: string; status: string; finding: string; remedy?: string }[]
  }
  return checks.find((one) => one.title === title)
}

describe('two projects that share a host, and both have a dev', () => {
  it('prune their own backups only, and see them only in their histories', async () => {
    using a = await make('alpha', 0, retainOne)
    using b = await make('beta', 1, retainOne)
    const ofA = await backUp(a)
    const first = await backUp(b)
    const second = await backUp(b)
    expect(backupsOf(join(state, 'alpha'))).toEqual([ofA])
    expect(backupsOf(join(state, 'beta'))).toEqual([second])
    const { stdout } = await tool(b, 'history', 'dev', '--json')
    const { runs } = historyDocument.parse(JSON.parse(stdout))
    expect(runs.map(({ project, directory }) => [project, directory])).toEqual([
      ['beta', null],
      ['beta', second],
    ])
    expect(first).not.toBe(second)
    expect((await check(b, 'backups'))?.finding).toContain('1, the newest 0 h ago')
    expect((await check(b, 'project'))?.finding).toBe(
      `beta, in ${join(state, 'beta')}; beside it in ${state}: alpha`,
    )
  })

  it("restore each other's backup only when asked to by name, and confirmed", async () => {
    using a = await make('alpha', 0)
    using b = await make('beta', 1)
    await a.postgres.psql('app', 'insert into things values (1)')
    await b.postgres.psql('app', 'insert into things values (2)')
    const from = await backUp(a)
    const rows = () => b.postgres.psql('app', 'select id from things')
    const refused = await tool(b, 'restore', 'dev', '--from', from, '--confirm', 'yes')
    expect(refused.exit).toBe(4)
    expect(refused.stderr).toContain(`${from} is a backup of the project alpha, this is beta.`)
    expect(refused.stderr).toContain(`po-migrate restore dev --from ${from} --foreign --confirm yes`)
    const unconfirmed = await tool(b, 'restore', 'dev', '--from', from, '--foreign')
    expect(unconfirmed.exit).toBe(4)
    expect(unconfirmed.stderr).toContain(
      '(project beta) by a backup of the project alpha needs a confirmation.',
    )
    expect(await rows()).toBe('2')
    const done = await tool(b, 'restore', 'dev', '--from', from, '--foreign', '--confirm', 'yes')
    expect({ exit: done.exit, stderr: done.stderr }).toMatchObject({ exit: 0 })
    expect(await rows()).toBe('1')
    expect(await tool(a, 'restore', 'dev', '--from', from)).toMatchObject({ exit: 0 })
  })

  it('restore what is theirs onto a new server, which needs no word more', async () => {
    using a = await make('alpha', 0)
    await a.postgres.psql('app', 'insert into things values (3)')
    const from = await backUp(a)
    using anew = await make('alpha', 1)
    const { exit, stderr } = await tool(anew, 'restore', 'dev', '--from', from)
    expect({ exit, stderr }).toMatchObject({
      exit: 0,
      stderr: expect.stringMatching(/of another server \(system_identifier \d+; this is \d+\)/),
    })
    expect(await anew.postgres.psql('app', 'select id from things')).toBe('3')
  })

  it('write into a backup whose it is, and of which server', async () => {
    using a = await make('alpha', 0, (config) => {
      config.hosts.local.volume = 'its-data'
    })
    const sql = 'select system_identifier from pg_control_system()'
    expect(manifestOf(await backUp(a))).toMatchObject({
      ...{ project: 'alpha', sequence: expect.any(Number), volume: 'its-data' },
      systemIdentifier: await a.postgres.psql('postgres', sql),
    })
  })

  it('have embedded data of their own, and old data of nobody stay', async () => {
    const embedded = (config: ProjectConfig): void => {
      config.environments = { dev: { engine: 'embedded', wait: 0, policy: { warnings: 'allow' } } }
    }
    const makeEmbedded = (name: string, table: string): Project =>
      makeProject({
        network: 'none',
        store: { app: { '00001_a.sql': migration(`create table ${table} (id int);`) } },
        edit: (config) => {
          Object.assign(config, { project: name, state })
          embedded(config)
        },
      })
    mkdirSync(join(state, 'embedded/dev'), { recursive: true })
    writeFileSync(join(state, 'embedded/dev/app'), 'old data')
    using a = makeEmbedded('alpha', 'mine')
    using b = makeEmbedded('beta', 'yours')
    const first = await tool(a, 'up', 'dev')
    expect(first).toMatchObject({ exit: 0, stdout: expect.stringContaining('1 migration applied') })
    expect(first.stderr).toContain(`mv ${join(state, 'embedded/dev')} ${join(state, 'alpha/embedded/dev')}`)
    expect(await tool(b, 'up', 'dev')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('1 migration applied'),
    })
    expect((await tool(a, 'up', 'dev')).stderr).not.toContain('mv ')
    expect(readFileSync(join(state, 'embedded/dev/app'), 'utf8')).toBe('old data')
  })
})

describe('databases whose long names begin alike', () => {
  it('are restored without touching what a restore of the other one replaced', async () => {
    const store = 'partner_onboarding_document_store'
    const [postgres] = servers
    if (!postgres) throw new Error('no server')
    using project = makeProject({
      network: postgres.network,
      store: { [store]: { '00001_a.sql': migration('create table things (id int);') } },
      edit: (config) => {
        config.state = state
        const { dev } = config.environments
        config.environments = { qual: { ...dev, suffix: '_qual' }, prod: { ...dev, suffix: '_prod' } }
      },
    })
    const left = () =>
      postgres.psql('postgres', "select count(*) from pg_database where datname like 'partner%before%'")
    for (const environment of ['prod', 'qual']) {
      expect(await tool(project, 'up', environment)).toMatchObject({ exit: 0 })
      expect(await tool(project, 'backup', environment)).toMatchObject({ exit: 0 })
      const [from = ''] = backupsOf(join(state, 'shop')).filter((path) => path.includes(environment))
      const restored = await tool(project, 'restore', environment, '--from', from, '--confirm', 'yes')
      expect({ exit: restored.exit, stderr: restored.stderr }).toMatchObject({ exit: 0 })
    }
    expect(await left()).toBe('2')
  })
})

describe('a clock that was ahead', () => {
  it('costs no backup: the newest is the one that was made last, and the dates are told', async () => {
    using a = await make('alpha', 0, retainOne)
    const future = await backUp(a)
    const later = future.replace(/dev-\d{8}/, 'dev-20360101')
    renameSync(future, later)
    edit(later, (manifest) => {
      manifest.takenAt = '2036-01-01T00:00:00.000Z'
      manifest.run = manifest.run.replace(/^\d{8}/, '20360101')
    })
    expect((await check(a, 'backups'))?.finding).toMatch(/the newest dated \d+ days ahead of this clock: /)
    const { exit, stderr } = await tool(a, 'backup', 'dev')
    expect(exit).toBe(0)
    expect(stderr).toMatch(/20360101\S+ is dated \d+ days ahead of this clock; it counts as older/)
    const [kept = '', ...others] = backupsOf(join(state, 'alpha'))
    expect(others).toEqual([])
    expect(kept).not.toContain('20360101')
    expect((await check(a, 'backups'))?.finding).toContain('1, the newest 0 h ago')
  })
})

describe('backups of a release that knew no projects', () => {
  it('are listed, restored when confirmed, and pruned only once they are taken in', async () => {
    using a = await make('alpha', 0, retainOne)
    await a.postgres.psql('app', 'insert into things values (7)')
    const old = makeOld(await backUp(a))
    const history = await tool(a, 'history', 'dev')
    expect(history.stdout).toContain('backup')
    await a.postgres.psql('app', 'delete from things')
    const refused = await tool(a, 'restore', 'dev', '--from', old)
    expect(refused).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('by a backup that names no project'),
    })
    expect(await tool(a, 'restore', 'dev', '--from', old, '--confirm', 'yes')).toMatchObject({ exit: 0 })
    expect(await a.postgres.psql('app', 'select id from things')).toBe('7')
    await backUp(a)
    expect(backupsOf(state)).toEqual([old])
    const found = await check(a, 'backups of older releases')
    expect(found).toMatchObject({ status: 'warning', remedy: 'po-migrate doctor dev --fix' })
    expect(await check(a, 'backups of older releases', '--fix')).toMatchObject({
      status: 'fixed',
      finding: `${old}: of alpha from now on`,
    })
    await backUp(a)
    expect(backupsOf(state)).toEqual([])
  })

  it('are left to who knows where another project may have made them, or a database is a stranger', async () => {
    using a = await make('alpha', 0)
    const old = makeOld(await backUp(a))
    edit(old, (manifest) => {
      manifest.databases[0].inventory.name = 'stranger'
    })
    const title = 'backups of older releases'
    expect((await check(a, title, '--fix'))?.finding).toContain('its database stranger is none of these')
    edit(old, (manifest) => {
      manifest.databases[0].inventory.name = 'app'
    })
    mkdirSync(join(state, 'beta'))
    const found = await check(a, title, '--fix')
    expect(found).toMatchObject({ status: 'warning', remedy: `echo alpha > ${old}/project` })
    expect(found?.finding).toContain('beta may have made it')
    writeFileSync(join(old, 'project'), 'beta\n')
    expect(await tool(a, 'restore', 'dev', '--from', old, '--confirm', 'yes')).toMatchObject({ exit: 4 })
    expect((await check(a, title))?.finding).toBe('none')
  })
})
