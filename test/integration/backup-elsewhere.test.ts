import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { makeProject, type Project, type ProjectOptions } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

let postgres: TestPostgres
let elsewhere: string
beforeAll(async () => {
  postgres = await startPostgres()
  await postgres.psql('postgres', 'create database far')
  await postgres.psql('far', 'create table t as select 1 as id')
})
afterAll(() => postgres[Symbol.asyncDispose]())
beforeEach(() => {
  elsewhere = mkdtempSync(join(tmpdir(), 'pmt-elsewhere-'))
})
afterEach(() => rmSync(elsewhere, { recursive: true, force: true }))

const project = (edit?: ProjectOptions['edit']): Project =>
  makeProject({
    network: postgres.network,
    store: { far: { '00001_a.sql': '' } },
    state: 'state',
    edit,
  })

const kept = (): string[] => {
  const directory = join(elsewhere, 'shop/backups')
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name))
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('backup --to', () => {
  it('keeps the backup there, for its group alone, and restore brings it back', async () => {
    using files = project()
    const { exit, stdout, stderr } = await runIn(files, `backup dev --to ${elsewhere}`)
    expect(exit, stderr).toBe(0)
    const [directory = ''] = kept()
    expect(stdout).toContain(directory)
    for (const path of [join(elsewhere, 'shop'), join(elsewhere, 'shop/backups'), directory])
      expect(modeOf(path)).toBe('770')
    expect(readdirSync(join(files.directory, 'infrastructure/state/shop'))).not.toContain('backups')
    expect((await runIn(files, 'history dev')).stdout).toContain(directory)
    const restored = await runIn(files, `restore dev --from ${directory}`)
    expect(restored.exit, restored.stderr).toBe(0)
  })

  it('keeps as many there as retain.backups says, whatever the state directory holds', async () => {
    using files = project((config) => {
      config.retain = { backups: 1 }
    })
    expect(await runIn(files, 'backup dev')).toMatchObject({ exit: 0 })
    for (let count = 0; count < 2; count++)
      expect(await runIn(files, `backup dev --to ${elsewhere}`)).toMatchObject({ exit: 0 })
    expect(kept()).toHaveLength(1)
    expect(readdirSync(join(files.directory, 'infrastructure/state/shop/backups'))).toHaveLength(1)
  })

  it('is refused where the directory is not there, since a share may not be mounted', async () => {
    using files = project()
    const missing = join(elsewhere, 'share')
    const { exit, stderr } = await runIn(files, `backup dev --to ${missing}`)
    expect(exit).toBe(2)
    expect(stderr).toContain(`The directory ${missing} does not exist.`)
    expect(stderr).toContain('→ mount what belongs there')
    expect(readdirSync(elsewhere)).toEqual([])
  })
})

describe('after_backup', () => {
  const command = (body: string): string => {
    const path = join(elsewhere, 'after')
    writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 })
    return path
  }

  it.each<[string, (path: string) => unknown]>([
    ['a line for sh', (path) => `FLAG=1 ${path} --tag "two words"`],
    ['words', (path) => ['env', 'FLAG=1', path, '--tag', 'two words']],
  ])('gets the directory as its last argument, where the config stands: %s', async (_, written) => {
    const path = command(
      `printf '%s|' "$FLAG" "$PWD" "$@" >"${elsewhere}/told"; ls "$3" >>"${elsewhere}/told"`,
    )
    using files = project((config) => {
      config.after_backup = written(path)
    })
    const result = await runIn(files, `backup dev --to ${elsewhere} --json`)
    expect(result.exit, result.stderr).toBe(0)
    expect(readEvents(result).steps.at(-1)).toMatchObject({ kind: 'after-backup', status: 'done' })
    const [directory = ''] = kept()
    const told = readFileSync(join(elsewhere, 'told'), 'utf8')
    expect(told).toContain(`1|${join(files.directory, 'infrastructure')}|--tag|two words|${directory}|`)
    expect(told).toContain('manifest.json')
  })

  it.each([
    ['that fails', 'echo no room there >&2; exit 7', ['after_backup failed (exit code 7)', 'no room there']],
    ['that fails without a word', 'exit 1', ['after_backup failed (exit code 1)', 'It said nothing.']],
    ['that is not there', '', ['after_backup failed (exit code 127)', 'correct after_backup: in the config']],
  ])('%s is told, exits 1, and the backup is kept', async (_, body, said) => {
    const path = body ? command(body) : '/no/such/command'
    using files = project((config) => {
      config.after_backup = [path]
      config.retain = { backups: 1 }
    })
    const { exit, stdout, stderr } = await runIn(files, `backup dev --to ${elsewhere}`)
    expect(exit).toBe(1)
    const [directory = ''] = kept()
    for (const words of said) expect(stderr).toContain(words)
    expect(stderr).toContain(`kept: ${directory}`)
    expect(stdout).toContain('backed up and proven')
  })
})
