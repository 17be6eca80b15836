import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresImage } from '../support/engine/images.ts'
import { type NativeServer, startNative } from '../support/postgres/native.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

let server: NativeServer
let project: Project
const tool = (args: string): Promise<ToolResult> =>
  runIn(project, args, { env: { XDG_STATE_HOME: join(project.directory, 'state') } })
const owner = "select pg_get_userbyid(datdba) from pg_database where datname = 'shop'"

beforeAll(async () => {
  server = await startNative(17)
  await server.ask('postgres', `create role app login password '${server.password}'`)
  project = makeProject({
    network: '',
    password: server.password,
    store: {
      shop: {
        '00001_a.sql': migration('create table a (id int); insert into a values (1);', 'drop table a;'),
      },
    },
    edit: ({ environments: { dev } }) => {
      delete dev.network
      dev.server = { host: server.host, port: server.port, user: 'app', image: postgresImage }
    },
  })
})
afterAll(async () => {
  project[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

describe('a user that is no superuser', () => {
  it('is told what lets a database be created, or who makes it, and nothing is touched', async () => {
    const { exit, stderr } = await tool('up dev')
    expect(stderr).toContain('permission denied to create database')
    expect(stderr).toContain(`psql -X -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres -p ${server.port}`)
    expect(stderr).toContain('alter role app createdb')
    expect(stderr).toContain('create database shop owner app')
    expect(exit).toBe(1)
  })

  it('migrates the database that was made for it', async () => {
    await server.ask('postgres', 'create database shop owner app')
    expect(await tool('up dev')).toMatchObject({ exit: 0 })
    expect(await server.ask('shop', 'select version from schema_migrations')).toBe('00001')
    expect(await tool('status dev')).toMatchObject({ exit: 0 })
    expect(await tool('lock status dev')).toMatchObject({ exit: 0 })
  })

  it('takes a proven backup of what it can read, without the passwords of roles', async () => {
    const { exit, stderr } = await tool('backup dev')
    expect(stderr).toContain('"app" may not read the passwords of roles')
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
  })

  it('is refused a backup that would lack something, with what it is and the grant', async () => {
    await server.ask('shop', 'create schema hidden; create table hidden.secret (id int)')
    await server.ask(
      'shop',
      'create table rows (id int); alter table rows enable row level security; grant select on rows to app',
    )
    const { exit, stderr } = await tool('backup dev')
    expect(stderr).toContain('shop: hidden.secret: no right to read it')
    expect(stderr).toContain('shop: public.rows: row security hides rows')
    expect(stderr).toContain('grant pg_read_all_data to "app"')
    expect(stderr).toContain('alter role "app" bypassrls')
    expect(exit).toBe(4)
    await server.ask('shop', 'grant pg_read_all_data to app; alter role app bypassrls')
    expect(await tool('backup dev')).toMatchObject({ exit: 0 })
  })

  it('creates databases where it has that right, and owns them', async () => {
    await server.ask('postgres', 'drop database shop')
    await server.ask('postgres', 'alter role app createdb')
    expect(await tool('up dev')).toMatchObject({ exit: 0 })
    expect(await server.ask('postgres', owner)).toBe('app')
  })
})
