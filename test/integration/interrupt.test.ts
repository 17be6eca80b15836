import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { docker, eventually } from '../support/engine/docker.ts'
import { closeGate, type Gate } from '../support/postgres/gate.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { startTool, type ToolProcess } from '../support/tool/process.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (database: string, gate: Gate): Project =>
  makeProject({
    network: postgres.network,
    store: {
      [database]: {
        '00001_table.sql': migration('create table things (id int);'),
        '00002_slow.sql': migration(`insert into things values (1);\n${gate.sql}`),
        '00003_next.sql': migration('create table later (id int);'),
      },
    },
    state: 'state',
  })

const up = ({ directory }: Project): ToolProcess => startTool(['up', 'dev'], { cwd: directory })

const containersOf = (database: string): Promise<string> =>
  docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.databases=${database}`])

const backendsOf = (database: string): Promise<string> =>
  postgres.psql('postgres', `select application_name from pg_stat_activity where datname = '${database}'`)

const told = (tool: ToolProcess): Promise<unknown> =>
  eventually('the tool to say that it heard', () => tool.stderr().includes('again to end it now'))

describe('a signal', () => {
  it('SIGINT, doubled as npm does, lets the running file end, starts no other, says where it stands, and is 130', async () => {
    await using gate = await closeGate(postgres)
    using files = project('int', gate)
    const tool = up(files)
    await gate.reached()
    tool.child.kill('SIGINT')
    await told(tool)
    tool.child.kill('SIGINT')
    await sleep(1000)
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(130)
    expect(stderr).toContain('Interrupted by SIGINT; the running step was finished.')
    expect(stderr).toContain('int  stopped: 00001, 00002 stay applied, 1 not started')
    expect(stderr).toContain('→ po-migrate up dev')
    expect(await postgres.versions('int')).toBe('00001 00002')
    expect(await containersOf('int')).toBe('')
    expect(await runTool(['up', 'dev'], { cwd: files.directory })).toMatchObject({ exit: 0 })
    expect(await postgres.versions('int')).toBe('00001 00002 00003')
  })

  it('SIGTERM, delivered twice within a second, counts once and is 143', async () => {
    await using gate = await closeGate(postgres)
    using files = project('term', gate)
    const tool = up(files)
    await gate.reached()
    tool.child.kill('SIGTERM')
    await told(tool)
    tool.child.kill('SIGTERM')
    // A second one that counted would have ended the backend long before this is over.
    await sleep(1500)
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(143)
    expect(stderr).toContain('Interrupted by SIGTERM; the running step was finished.')
    expect(await postgres.versions('term')).toBe('00001 00002')
    expect(await containersOf('term')).toBe('')
  })

  it('repeated after more than a second ends the backend and the container, and is 130', async () => {
    await using gate = await closeGate(postgres)
    using files = project('twice', gate)
    const tool = up(files)
    await gate.reached()
    tool.child.kill('SIGINT')
    await told(tool)
    await sleep(1200)
    const asked = performance.now()
    tool.child.kill('SIGINT')
    // The gate stays closed: only the end of the backend can end the file.
    const { exit, stderr } = await tool.ended
    expect(exit).toBe(130)
    expect(performance.now() - asked).toBeLessThan(8000)
    expect(stderr).toContain('Interrupted by SIGINT; the running step was cut off.')
    expect(await gate.waiting()).toBe(0)
    expect(await backendsOf('twice')).toBe('')
    expect(await containersOf('twice')).toBe('')
    expect(await postgres.versions('twice')).toBe('00001')
    expect(await postgres.psql('twice', 'select count(*) from things')).toBe('0')
    await gate.open()
    expect(await runTool(['up', 'dev'], { cwd: files.directory })).toMatchObject({ exit: 0 })
    expect(await postgres.versions('twice')).toBe('00001 00002 00003')
  })
})
