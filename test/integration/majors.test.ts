import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lockDocument, statusDocument } from '../../src/report/documents.ts'
import { type NativeServer, startNative } from '../support/postgres/native.ts'
import { majors } from '../support/postgres/server-binaries.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

describe.each(majors)('on Postgres %i', (major) => {
  let server: NativeServer
  let project: Project
  const tool = (args: string): Promise<ToolResult> =>
    runIn(project, args, { env: { XDG_STATE_HOME: join(project.directory, 'state') } })

  beforeAll(async () => {
    server = await startNative(major)
    project = makeProject({
      network: '',
      password: server.password,
      store: {
        shop: {
          '00001_a.sql': migration('create table a (id int primary key);', 'drop table a;'),
          '00002_b.sql': migration('create table b (id int references a);', 'drop table b;'),
        },
      },
      edit: ({ environments: { dev } }) => {
        delete dev.network
        dev.server = { host: server.host, port: server.port }
      },
    })
  })
  afterAll(async () => {
    project[Symbol.dispose]()
    await server[Symbol.asyncDispose]()
  })

  it('up creates and migrates, status reads, and a second up has nothing to do', async () => {
    const { exit, stderr } = await tool('up dev')
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    expect(
      await server.ask('shop', "select string_agg(version, ' ' order by 1) from schema_migrations"),
    ).toBe('00001 00002')
    const { stdout } = await tool('status dev --json')
    const [environment] = statusDocument.parse(JSON.parse(stdout)).environments
    expect(environment).toMatchObject({
      server: `127.0.0.1:${server.port}`,
      databases: [{ applied: 2, pending: 0 }],
    })
    expect(await tool('up dev')).toMatchObject({ exit: 0, stdout: expect.stringContaining('nothing to do') })
  })

  it('rollback takes the newest back, and history tells of it', async () => {
    expect(await tool('rollback dev --db shop')).toMatchObject({ exit: 0 })
    expect(await server.ask('shop', "select string_agg(version, ' ') from schema_migrations")).toBe('00001')
    const { stdout } = await tool('history dev')
    expect(stdout).toContain('00002_b.sql')
  })

  it('up reads what is to run with the grammar of the server', async () => {
    using newer = makeProject({
      network: '',
      password: server.password,
      store: {
        newer: {
          '00001_a.sql': migration('create table a (a int, b int generated always as (a * 2) virtual);'),
        },
      },
      edit: ({ environments: { dev } }) => {
        delete dev.network
        dev.server = { host: server.host, port: server.port }
      },
    })
    const env = { XDG_STATE_HOME: join(newer.directory, 'state') }
    const { exit, stdout, stderr } = await runIn(newer, 'up dev', { env })
    if (major >= 18) expect({ exit, stderr }).toMatchObject({ exit: 0 })
    else expect([exit, stdout + stderr]).toEqual([2, expect.stringContaining('syntax error at or near')])
    expect(await runIn(newer, 'lint', { env })).toMatchObject({ exit: 0 })
  })

  it('the lock is free when nobody runs, and doctor finds nothing wrong with the server', async () => {
    const { stdout } = await tool('lock status dev --json')
    expect(lockDocument.parse(JSON.parse(stdout)).databases).toMatchObject([
      { database: 'shop', locked: false },
    ])
    const { stdout: doctor } = await tool('doctor dev')
    expect(doctor).toContain(`version ${major}`)
    expect(doctor).toContain('reaches the same server from its container')
  })
})
