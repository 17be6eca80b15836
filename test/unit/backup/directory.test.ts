import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkFiles } from '../../../src/backup/check-files.ts'
import { backupName, listBackups, openPartialBackup, removeAbandoned } from '../../../src/backup/directory.ts'
import { readManifest, writeManifest } from '../../../src/backup/manifest.ts'
import { pruneBackups } from '../../../src/backup/prune.ts'
import { readRunRecords, writeRunRecord } from '../../../src/io/host/run-record.ts'
import type { State } from '../../../src/model/state.ts'
import { database, manifest } from '../../support/tool/inventories.ts'
import { stateAt } from '../../support/tool/state.ts'
import { temporaryDirectory } from '../support/fixtures.ts'

const runs = ['20260101T000000-00000a', '20260102T000000-00000b', '20260103T000000-00000c']
const [first = '', second = '', third = ''] = runs

const keepOne = async (state: State, name: string, databases: readonly string[]): Promise<void> => {
  const partial = openPartialBackup(state, name)
  await writeManifest(partial.directory, manifest(databases.map((held) => database(held))))
  await partial.keep()
}

const keepAll = async (state: State, of: string): Promise<void> => {
  for (const run of runs) await keepOne(state, backupName(of, run), ['iam'])
}

describe('the directory of a backup', () => {
  it('has no name before it is kept, and nothing of it is left when it is discarded', async () => {
    using state = temporaryDirectory()
    const partial = openPartialBackup(stateAt(state.path), backupName('qual', first))
    expect(listBackups(stateAt(state.path), 'qual')).toEqual([])
    partial.discard()
    expect(readdirSync(join(stateAt(state.path).directory, 'backups'))).toEqual([])
    const kept = await openPartialBackup(stateAt(state.path), backupName('qual', second)).keep()
    expect(listBackups(stateAt(state.path), 'qual').map(({ directory }) => directory)).toEqual([kept])
    partial.discard()
    expect(existsSync(kept)).toBe(true)
  })

  it("is closed to others and in the state directory's group, whatever the umask", () => {
    using state = temporaryDirectory()
    chmodSync(state.path, 0o2770)
    const before = process.umask(0o077)
    try {
      const { directory } = openPartialBackup(stateAt(state.path), backupName('qual', first))
      expect(statSync(directory).mode & 0o7777).toBe(0o2770)
      expect(statSync(join(stateAt(state.path).directory, 'backups')).mode & 0o7777).toBe(0o2770)
    } finally {
      process.umask(before)
    }
  })

  it('is removed when newer ones are enough, those of other environments never', async () => {
    using state = temporaryDirectory()
    await keepAll(stateAt(state.path), 'qual')
    await keepAll(stateAt(state.path), 'qual-b')
    mkdirSync(join(stateAt(state.path).directory, 'backups', 'qual-by-hand'))
    const rule = { retain: 2, managed: ['iam'], keep: new Set<string>() }
    expect(pruneBackups({ state: stateAt(state.path), of: 'qual', ...rule })).toEqual({
      removed: [join(stateAt(state.path).directory, 'backups', `qual-${first}`)],
      left: [],
    })
    expect(listBackups(stateAt(state.path), 'qual')).toHaveLength(2)
    expect(listBackups(stateAt(state.path), 'qual-b')).toHaveLength(3)
    expect(existsSync(join(stateAt(state.path).directory, 'backups', 'qual-by-hand'))).toBe(true)
  })

  it('stays when it is the last that holds a managed database, and goes when its manifest is gone', async () => {
    using state = temporaryDirectory()
    await keepOne(stateAt(state.path), backupName('qual', first), ['iam', 'rag'])
    for (const run of [second, third]) await keepOne(stateAt(state.path), backupName('qual', run), ['iam'])
    const prune = () =>
      pruneBackups({
        state: stateAt(state.path),
        of: 'qual',
        retain: 1,
        managed: ['iam', 'rag'],
        keep: new Set(),
      })
    expect(prune().removed).toEqual([join(stateAt(state.path).directory, 'backups', `qual-${second}`)])
    const kept = join(stateAt(state.path).directory, 'backups', `qual-${first}`)
    rmSync(join(kept, 'manifest.json'))
    expect(prune().removed).toEqual([kept])
  })

  it('stays while its manifest is there and cannot be read, whatever is newer', async () => {
    using state = temporaryDirectory()
    await keepAll(stateAt(state.path), 'qual')
    const unread = join(stateAt(state.path).directory, 'backups', `qual-${first}`)
    writeFileSync(join(unread, 'manifest.json'), '{"version":1,"of":"a newer release"}')
    const rule = { retain: 1, managed: ['iam'], keep: new Set<string>() }
    expect(pruneBackups({ state: stateAt(state.path), of: 'qual', ...rule }).removed).toEqual([
      join(stateAt(state.path).directory, 'backups', `qual-${second}`),
    ])
    expect(existsSync(unread)).toBe(true)
  })

  it('that a dead run left half-done is removed, one of a live run is not', () => {
    using state = temporaryDirectory()
    for (const run of [first, second]) openPartialBackup(stateAt(state.path), backupName('qual', run))
    openPartialBackup(stateAt(state.path), backupName('prod', third))
    const removed = removeAbandoned(stateAt(state.path), 'qual', new Set([second]))
    expect(removed.removed.map((path) => path.includes(first))).toEqual([true])
    expect(readdirSync(join(stateAt(state.path).directory, 'backups'))).toHaveLength(2)
  })
})

describe('the manifest', () => {
  it('is read as it was written, and closed to others', async () => {
    using directory = temporaryDirectory()
    const written = manifest([database('iam_qual')])
    await writeManifest(directory.path, written)
    expect(readManifest(directory.path)).toEqual(written)
    expect(statSync(join(directory.path, 'manifest.json')).mode & 0o777).toBe(0o640)
  })

  it.each([
    ['{}', /manifest\.json: version/],
    ['{"version":2}', /manifest\.json: version/],
    ['no json', /is not a backup: /],
  ])('that is %s is none', (text, message) => {
    using directory = temporaryDirectory()
    directory.write('manifest.json', text)
    expect(() => readManifest(directory.path)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    )
  })

  it.each([
    ['a directory without one', 'there', /is not a backup: it has no manifest\.json\.$/],
    ['a directory that is gone', 'gone', /^There is no backup .*\/gone\.$/],
  ])('of %s is told as that', (_, name, message) => {
    using directory = temporaryDirectory()
    directory.write('there/iam_qual.dump', '')
    expect(() => readManifest(join(directory.path, name), 'po-migrate history qual')).toThrow(
      expect.objectContaining({
        ...{ exitCode: 2, hint: 'po-migrate history qual' },
        message: expect.stringMatching(message),
      }),
    )
  })

  it.each(['../globals.sql', '/etc/passwd', '..', ''])('that names the file %j is none', (file) => {
    using directory = temporaryDirectory()
    const written = manifest([], { globals: { file, bytes: 1, sha256: '00' } })
    directory.write('manifest.json', JSON.stringify(written))
    expect(() => readManifest(directory.path)).toThrow(expect.objectContaining({ exitCode: 2 }))
  })

  it('finds files that are missing, cut or changed', async () => {
    using directory = temporaryDirectory()
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    for (const file of ['whole', 'changed', 'cut']) directory.write(file, 'abc')
    writeFileSync(join(directory.path, 'changed'), 'abd')
    writeFileSync(join(directory.path, 'cut'), 'ab')
    const files = ['whole', 'changed', 'cut', 'gone'].map((file) => ({ file, bytes: 3, sha256 }))
    expect(await checkFiles(directory.path, files)).toEqual([
      'changed is damaged: its sha256 differs',
      'cut has 2 bytes instead of 3',
      expect.stringMatching(/^gone cannot be read: ENOENT/),
    ])
  })
})

describe('the record of a run', () => {
  const record = (run: string, environment: string) => ({ run, environment, startedAt: run })

  it('is found by its environment, oldest first, the last writing counts, and others may not read it', () => {
    using state = temporaryDirectory()
    chmodSync(state.path, 0o2770)
    for (const run of [second, first]) writeRunRecord(stateAt(state.path), record(run, 'qual'))
    writeRunRecord(stateAt(state.path), record(third, 'prod'))
    const done = { ...record(first, 'qual'), outcome: 'done' }
    writeRunRecord(stateAt(state.path), done)
    writeFileSync(join(stateAt(state.path).directory, 'runs', 'broken.json'), '{')
    expect(readRunRecords(stateAt(state.path), 'qual')).toEqual([done, record(second, 'qual')])
    expect(statSync(join(stateAt(state.path).directory, 'runs', `${first}.json`)).mode & 0o777).toBe(0o660)
    expect(statSync(join(stateAt(state.path).directory, 'runs')).mode & 0o7777).toBe(0o2770)
  })

  it('is absent where nothing ran', () => {
    using state = temporaryDirectory()
    expect(readRunRecords(stateAt(state.path), 'qual')).toEqual([])
  })

  it('that cannot be written is an error that says so', () => {
    using state = temporaryDirectory()
    mkdirSync(join(state.path, 'shop'))
    state.write('shop/runs', 'a file')
    expect(() => writeRunRecord(stateAt(state.path), record(first, 'qual'))).toThrow(
      expect.objectContaining({ exitCode: 1, message: expect.stringContaining('cannot be written') }),
    )
  })
})
