import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const postgres = usePostgres()

/** An environment with the strict policy that qual and prod have. */
const project = (store: Store): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
    edit: (config) => {
      delete config.environments.dev.policy
    },
  })

const table = (name: string): string => migration(`create table ${name} (id int);`)
const remove = (files: Project, path: string): void =>
  rmSync(join(files.directory, 'infrastructure/migrations', path))

describe('a file older than the newest applied one', () => {
  it('is refused with 4 in all databases at once, and runs with the flag that the refusal names', async () => {
    using files = project({ late: { '00002_b.sql': table('b') }, late_too: { '00001_a.sql': table('a') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    files.migrations({ late: { '00001_a.sql': table('a') }, late_too: { '00002_b.sql': table('b') } })
    const refused = await runIn(files, 'up dev')
    expect(refused).toMatchObject({ exit: 4, stdout: '' })
    expect(refused.stderr).toContain('late: 00001_a.sql would run out of order: 00002 is applied already')
    expect(refused.stderr).toContain('po-migrate up dev --allow-out-of-order 00001\n')
    expect([await postgres.versions('late'), await postgres.versions('late_too')]).toEqual(['00002', '00001'])

    const planned = await runIn(files, 'plan dev --exit-code')
    expect(planned.exit).toBe(4)
    expect(planned.stderr).toContain('up will refuse: late: 00001_a.sql would run out of order')

    expect(await runIn(files, 'up dev --allow-out-of-order 00001')).toMatchObject({ exit: 0 })
    expect([await postgres.versions('late'), await postgres.versions('late_too')]).toEqual([
      '00001 00002',
      '00001 00002',
    ])
  })
})

describe('an applied version without a file', () => {
  it('is refused even when nothing is pending, and let pass by its version', async () => {
    using files = project({ gone: { '00001_a.sql': table('a'), '00002_b.sql': table('b') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    remove(files, 'gone/00002_b.sql')
    const refused = await runIn(files, 'up dev --allow-missing 00001')
    expect(refused.exit).toBe(4)
    expect(refused.stderr).toContain(
      'gone: 00002 is applied, but has no file in this checkout (an older one?)',
    )
    expect(await runIn(files, 'plan dev --exit-code')).toMatchObject({ exit: 4 })
    expect(await runIn(files, 'plan dev')).toMatchObject({ exit: 0 })
    expect(await runIn(files, 'up dev --allow-missing 00002')).toMatchObject({ exit: 0 })
  })
})

describe('a file that was edited since it was applied', () => {
  it('is refused, and once accepted stands in the history and is asked about no more', async () => {
    using files = project({ edited: { '00001_a.sql': table('a') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    files.migrations({ edited: { '00001_a.sql': `-- why it is there\n${table('a')}` } })
    expect(await runIn(files, 'up dev')).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('edited: 00001_a.sql was edited since it was applied'),
    })
    expect(readEvents(await runIn(files, 'up dev --accept-edit 00001 --json')).steps).toMatchObject([
      { kind: 'accept-edit', database: 'edited', migration: '00001_a.sql', status: 'done' },
    ])
    expect((await runIn(files, 'history dev')).stdout).toContain('00001_a.sql (edit accepted)')
    expect((await runIn(files, 'status dev')).stdout).not.toContain('edited since')
    expect(await runIn(files, 'up dev')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('nothing to do'),
    })
  })
})

describe('several databases', () => {
  it('go on after a failure in one of them under --continue-on-error, and the matrix says how each ended', async () => {
    using files = project({
      go_a: { '00001_a.sql': table('a'), '00002_bad.sql': migration('select nothing from nowhere;') },
      go_b: { '00001_a.sql': table('a') },
      go_c: { '00001_bad.sql': migration('select 1/0;'), '00002_b.sql': table('b') },
    })
    const result = await runIn(files, 'up dev --continue-on-error --json')
    const { finished } = readEvents(result)
    expect(finished).toMatchObject({
      exit: 1,
      status: 'failed',
      databases: [
        { database: 'go_a', status: 'failed', changed: ['00001'], waiting: 0 },
        { database: 'go_b', status: 'done', changed: ['00001'], waiting: 0 },
        { database: 'go_c', status: 'failed', changed: [], waiting: 1 },
      ],
    })
    expect(finished.error?.message).toBe('2 databases failed.')
    expect(finished.error?.hint).toBe('po-migrate up dev --continue-on-error')
    expect([await postgres.versions('go_a'), await postgres.versions('go_b')]).toEqual(['00001', '00001'])

    files.migrations({ go_a: { '00002_bad.sql': table('b') }, go_c: { '00001_bad.sql': table('a') } })
    const { steps } = readEvents(await runIn(files, 'up dev --json'))
    expect(steps.map(({ database, migration: file }) => `${database} ${file}`)).toEqual([
      'go_a 00002_bad.sql',
      'go_c 00001_bad.sql',
      'go_c 00002_b.sql',
    ])
  })
})
