import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lockDocument } from '../../src/report/documents.ts'
import { closeGate } from '../support/postgres/gate.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

let postgres: TestPostgres
let project: Project
const tool = (args: string): Promise<ToolResult> =>
  runIn(project, args, { env: { XDG_STATE_HOME: join(project.directory, 'state') } })

beforeAll(async () => {
  postgres = await startPostgres({ POSTGRES_DB: 'operations' })
  // As a managed server may have it.
  await postgres.psql('operations', 'alter database postgres allow_connections false')
  project = makeProject({
    network: postgres.network,
    store: { shop: { '00001_a.sql': migration('create table a (id int);', 'drop table a;') } },
    edit: (config) => {
      config.environments.dev.maintenance = 'operations'
    },
  })
})
afterAll(async () => {
  project[Symbol.dispose]()
  await postgres[Symbol.asyncDispose]()
})

describe('with another maintenance database', () => {
  it('a server that closed `postgres` gets its databases and its migrations', async () => {
    expect(await tool('up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('shop')).toBe('00001')
    const { stdout } = await tool('doctor dev')
    expect(stdout).toContain('password accepted')
  })

  it('two runs keep each other out, and lock status names who holds it', async () => {
    // A gate stands in `postgres`, which is closed: here a session of the server holds what the file waits for.
    await using gate = await closeGate(postgres, 'operations')
    project.migrations({ shop: { '00002_b.sql': migration(gate.sql) } })
    const running = tool('up dev')
    await gate.reached()
    const { stdout } = await tool('lock status dev --json')
    expect(lockDocument.parse(JSON.parse(stdout)).databases[0]?.holder?.command).toBe('po-migrate up dev')
    expect(await tool('up dev --lock-wait 0')).toMatchObject({ exit: 5 })
    await gate.open()
    expect(await running).toMatchObject({ exit: 0 })
  })

  it('a backup is taken, proven and restored', async () => {
    expect(await tool('backup dev')).toMatchObject({ exit: 0 })
    const { stdout } = await tool('history dev --json')
    const { runs } = JSON.parse(stdout)
    const from = runs.find(({ directory }: { directory?: string }) => directory)?.directory
    await postgres.psql('shop', 'drop table a')
    expect(await tool(`restore dev --from ${from} --confirm shop`)).toMatchObject({ exit: 0 })
    expect(await postgres.psql('shop', 'select count(*) from a')).toBe('0')
  })

  it('one that is not there is told with the key of the config', async () => {
    using other = makeProject({
      network: postgres.network,
      store: { shop: { '00001_a.sql': migration('select 1;') } },
      edit: (config) => {
        config.environments.dev.maintenance = 'nowhere'
        config.environments.dev.wait = 0
      },
    })
    const { exit, stdout } = await runIn(other, 'status dev')
    expect(stdout).toContain('has no database "nowhere", where locks are held')
    expect(stdout).toContain('set maintenance: under environments.dev')
    expect(exit).toBe(6)
  })
})
