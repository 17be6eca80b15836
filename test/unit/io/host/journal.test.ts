import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  appendJournal,
  journalFile,
  listJournals,
  readEveryJournal,
  readJournal,
} from '../../../../src/io/host/journal.ts'
import { followRunLog, runLogFile, runLogSize } from '../../../../src/io/host/run-log.ts'
import type { JournalEntry } from '../../../../src/model/journal.ts'
import type { State } from '../../../../src/model/state.ts'
import { stateAt } from '../../../support/tool/state.ts'

let root: string
let state: State
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'po-migrate-journal-'))
  state = stateAt(root)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const line = (step: string): JournalEntry => ({ entry: 'started', at: '2026-11-22T19:00:00.000Z', step })

describe('a journal on the disk', () => {
  it('is for everybody who shares the state directory, and for nobody else', () => {
    appendJournal(state, 'run1', line('a'))
    expect(statSync(journalFile(state, 'run1')).mode & 0o777).toBe(0o660)
    expect(statSync(join(state.directory, 'journals')).mode & 0o777).toBe(0o770)
  })

  it('gives back its lines in order, and its runs from old to new', () => {
    for (const step of ['a', 'b']) appendJournal(state, 'run2', line(step))
    appendJournal(state, 'run1', line('c'))
    expect(readJournal(state, 'run2')).toEqual([line('a'), line('b')])
    expect(listJournals(state)).toEqual(['run1', 'run2'])
  })

  it('that cannot be looked for is not taken for none', () => {
    expect(listJournals(state)).toEqual([])
    mkdirSync(state.directory)
    symlinkSync('journals', join(state.directory, 'journals'))
    expect(() => listJournals(state)).toThrow(
      expect.objectContaining({
        exitCode: 4,
        message: expect.stringContaining('Whether a cutover is unfinished is not known: ELOOP'),
      }),
    )
    expect(readEveryJournal(state)).toEqual([])
  })

  it('loses a line that a crash cut off, and no other', () => {
    appendJournal(state, 'run1', line('a'))
    appendFileSync(journalFile(state, 'run1'), '{"entry":"done","at":"2026-')
    appendJournal(state, 'run1', line('b'))
    expect(readJournal(state, 'run1')).toEqual([line('a'), line('b')])
  })

  it('is none where nothing was ever written', () => {
    expect(listJournals(state)).toEqual([])
  })

  it('refuses to go on where the disk does not take a line', () => {
    appendJournal(state, 'run1', line('a'))
    rmSync(join(state.directory, 'journals'), { recursive: true })
    appendFileSync(join(state.directory, 'journals'), 'a file where the directory was')
    expect(() => appendJournal(state, 'run1', line('b'))).toThrow(
      expect.objectContaining({ exitCode: 1, message: expect.stringContaining('cannot be written') }),
    )
  })
})

describe('following a log', () => {
  it('gives lines that are there and lines that come, until the writer is gone', async () => {
    const file = runLogFile(state, 'run1')
    expect(runLogSize(file)).toBe(0)
    const half = Buffer.from('hälf\n')
    appendFileSync(file, Buffer.concat([Buffer.from('skipped\nfirst\n'), half.subarray(0, 2)]))
    let asked = 0
    const isAlive = async (): Promise<boolean> => {
      asked++
      if (asked === 1) appendFileSync(file, half.subarray(2))
      if (asked === 2) appendFileSync(file, 'last words\n')
      return asked < 2
    }
    const lines = await Array.fromAsync(followRunLog(file, { from: 'skipped\n'.length, isAlive }))
    expect(lines).toEqual(['first', 'hälf', 'last words'])
  })
})
