import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Swarm } from '../support/engine/swarm.ts'
import { makeSwarmProject } from '../support/engine/swarm-project.ts'
import { startTwoStacks, type TwoStacks } from '../support/engine/swarm-run.ts'
import { migration, type Project } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

let stacks: TwoStacks
let swarm: Swarm
beforeAll(async () => {
  stacks = await startTwoStacks()
  swarm = stacks.swarm
})
afterAll(() => stacks[Symbol.asyncDispose]())

const tool = (where: Project, args: string, env = swarm.manager.env): Promise<ToolResult> =>
  runIn(where, args, { env })

const files = {
  '00001_a.sql': migration('create table a (id int);', 'drop table a;'),
  '00002_b.sql': migration('create table b (id int);', 'drop table b;'),
}

describe.each(['near', 'far'] as const)('a service whose task is %s', (name) => {
  it('is planned, migrated, shown, told of and rolled back, and nothing is left', async () => {
    const { service, psql } = stacks[name]
    using where = makeSwarmProject(stacks[name], { store: { crm: files } })
    expect((await tool(where, 'plan dev --exit-code')).exit).toBe(3)
    const up = await tool(where, 'up dev')
    expect(up).toMatchObject({ exit: 0, stdout: expect.stringContaining('2 migrations applied') })
    expect(up.stderr + up.stdout).toContain(`service ${service}`)
    expect(await tool(where, 'up dev')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('nothing to do'),
    })
    const status = JSON.parse((await tool(where, 'status dev --json')).stdout)
    expect(status.environments[0].databases).toMatchObject([{ name: 'crm', applied: 2, pending: 0 }])
    expect((await tool(where, 'history dev')).stdout).toContain('00002_b.sql')
    expect(await tool(where, 'lock status dev')).toMatchObject({ exit: 0, stdout: 'crm  free\n' })
    const rollback = await tool(where, 'rollback dev --db crm')
    expect(rollback).toMatchObject({ exit: 0, stdout: expect.stringContaining('1 migration rolled back') })
    expect(await psql('crm', 'select version from schema_migrations')).toBe('00001')
    expect(await swarm.leftovers()).toEqual([])
  })

  it('passes doctor, but for what this machine lacks', async () => {
    using where = makeSwarmProject(stacks[name], { store: { fit: files } })
    chmodSync(join(where.directory, 'infrastructure/postgres.env'), 0o600)
    expect((await tool(where, 'up dev')).exit).toBe(0)
    const { exit, stdout } = await tool(where, 'doctor dev')
    expect(stdout).toMatch(/postgres +\S+_postgres is \S+postgres\S*, version 17/)
    expect(stdout).toMatch(/pg_dump +pg_dump \(PostgreSQL\) 17/)
    expect(stdout).not.toMatch(/✖/)
    expect(exit).toBe(0)
    expect(await swarm.leftovers()).toEqual([])
  })

  it('is backed up, compared, rehearsed and restored', async () => {
    const { psql } = stacks[name]
    using where = makeSwarmProject(stacks[name], { store: { kept: files } })
    expect(await tool(where, 'up dev --rehearse schema')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('2 migrations applied'),
    })
    await psql('kept', 'insert into a values (7)')
    expect(await tool(where, 'backup dev')).toMatchObject({ exit: 0 })
    const kept = join(where.directory, 'state/shop/backups')
    const [backup = ''] = readdirSync(kept)
    expect(await tool(where, 'drift dev')).toMatchObject({ exit: 0 })
    expect(await tool(where, 'verify')).toMatchObject({ exit: 0 })
    await psql('kept', 'delete from a')
    expect(await tool(where, `restore dev --from ${join(kept, backup)} --confirm yes`)).toMatchObject({
      exit: 0,
    })
    expect(await psql('kept', 'select id from a')).toBe('7')
    expect(await swarm.leftovers()).toEqual([])
  })

  it('is adopted', async () => {
    const { psql } = stacks[name]
    using where = makeSwarmProject(stacks[name], { store: { old: files } })
    await psql('postgres', 'create database old')
    await psql('old', 'create table a (id int)')
    expect(await tool(where, 'adopt dev --confirm yes')).toMatchObject({ exit: 0 })
    expect(await psql('old', 'select version from schema_migrations')).toBe('00001')
    expect(await swarm.leftovers()).toEqual([])
  })
})

describe('an address that only an overlay network knows', () => {
  it('is reached through the network that the config names', async () => {
    const { network, psql } = stacks.far
    const server = { host: 'postgres', tls: { mode: 'disable' } }
    using where = makeSwarmProject(stacks.far, {
      store: { by_address: files },
      environment: { service: undefined, network, server },
    })
    expect(await tool(where, 'up dev')).toMatchObject({ exit: 0 })
    expect(await psql('by_address', 'select count(*) from schema_migrations')).toBe('2')
    expect(await swarm.leftovers()).toEqual([])
  })

  it('needs a network of the swarm', async () => {
    using where = makeSwarmProject(stacks.far, {
      store: { by_address: files },
      environment: { service: undefined, network: 'bridge', server: { host: 'postgres' } },
    })
    expect(await tool(where, 'up dev')).toMatchObject({
      exit: 6,
      stderr: expect.stringContaining('The network bridge is of one machine, not of the swarm.'),
    })
  })
})

describe('what a swarm does not have', () => {
  const project = (environment = {}): Project =>
    makeSwarmProject(stacks.near, { store: { crm: files }, environment })

  it.each(['cutover local', 'start local'])(
    '%s is refused as usage, and says that it needs one machine',
    async (line) => {
      using where = project()
      expect(await tool(where, line)).toMatchObject({
        exit: 2,
        stderr: expect.stringContaining('needs one machine'),
      })
    },
  )

  it('a worker sends to a manager', async () => {
    using where = project()
    const { exit, stderr } = await tool(where, 'up dev', swarm.worker.env)
    expect(stderr).toMatch(
      /is a worker of its swarm.*\n {2}Managers are at 10\.99\.99\.1\.\n(?:.*\n)? {2}→ on a manager: docker node promote \w+/,
    )
    expect(exit).toBe(6)
  })

  it('an engine without a swarm says how one is begun', async () => {
    using where = project()
    const { exit, stderr } = await tool(where, 'plan dev', {})
    expect(stderr).toMatch(/is not part of a swarm.*\n(?:.*\n)? {2}→ docker swarm init/)
    expect(exit).toBe(6)
  })

  it('a manager that takes no tasks is told how to take some', async () => {
    using where = project()
    const self = await swarm.manager.docker('info', '--format', '{{.Swarm.NodeID}}')
    await swarm.manager.docker('node', 'update', '--availability', 'pause', self)
    try {
      const { exit, stderr } = await tool(where, 'plan dev')
      expect(stderr).toContain(`docker node update --availability active ${self}`)
      expect(exit).toBe(6)
    } finally {
      await swarm.manager.docker('node', 'update', '--availability', 'active', self)
    }
  })

  it('a service by another name is named, and one by the name in its stack is found where no other has it', async () => {
    using misspelt = project({ service: 'near_postgers' })
    expect(await tool(misspelt, 'plan dev')).toMatchObject({
      exit: 6,
      stderr: expect.stringContaining('service: near_postgres'),
    })
    using ambiguous = project({ service: 'postgres' })
    expect(await tool(ambiguous, 'plan dev')).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('Several services of this swarm are called postgres'),
    })
  })

  it('a network on which the service is not is said, with those that it is on', async () => {
    using where = project({ network: 'far_default' })
    expect(await tool(where, 'plan dev')).toMatchObject({
      exit: 6,
      stderr: expect.stringMatching(/near_postgres is not on the network far_default.*\n.*near_default/),
    })
  })
})
