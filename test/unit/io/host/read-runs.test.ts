import { mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendJournal, journalFile } from '../../../../src/io/host/journal.ts'
import { readRuns } from '../../../../src/io/host/read-runs.ts'
import { takeSequence } from '../../../../src/io/host/sequence.ts'
import type { CutoverFrame } from '../../../../src/model/cutover.ts'
import type { State } from '../../../../src/model/state.ts'
import { stateAt } from '../../../support/tool/state.ts'
import { temporaryDirectory } from '../../support/fixtures.ts'

const host = { name: 'dev', volume: 'data' }
const at = '2026-11-22T19:00:00.000Z'

const begin = (state: State, run: string, more: Partial<CutoverFrame> = {}): void => {
  const frame: CutoverFrame = {
    ...{ run, command: 'cutover', host: 'dev', volume: 'data', copy: `data-${run}`, environments: ['dev'] },
    ...{ containers: [], carried: { databases: [], roles: [] } },
    ...more,
  }
  appendJournal(state, run, { entry: 'begun', at, by: 'a@b', tool: '0.1.0', job: null, frame, steps: [] })
}

/** As releases wrote it that knew no projects. */
const beginOld = (state: State, run: string, more: Partial<CutoverFrame> = {}): void => {
  begin(state, run, more)
  const old = join(state.root, 'journals', `${run}.jsonl`)
  mkdirSync(dirname(old), { recursive: true })
  renameSync(join(state.directory, 'journals', `${run}.jsonl`), old)
}

const idsOf = (state: State): string[] => readRuns(state, host).map(({ frame }) => frame.run)

describe("a host's runs by their journals", () => {
  it('are in the order in which they began, not in that of their dates', () => {
    using root = temporaryDirectory()
    const state = stateAt(root.path)
    begin(state, '20360101T000000-00000a', { project: 'shop', sequence: 1 })
    begin(state, '20260101T000000-00000b', { project: 'shop', sequence: 2 })
    expect(idsOf(state)).toEqual(['20260101T000000-00000b', '20360101T000000-00000a'])
  })

  it('are those of the project, also what it did under its path, and of an older release those of its volume', () => {
    using root = temporaryDirectory()
    const state = { ...stateAt(root.path), own: ['shop', 'path-1'] }
    begin(stateAt(root.path, 'other'), 'other', { project: 'other', sequence: 9 })
    begin(stateAt(root.path, 'path-1'), 'path', { project: 'path-1', sequence: 1 })
    begin(state, 'ours', { project: 'shop', sequence: 2 })
    beginOld(state, 'old')
    beginOld(state, 'stranger', { volume: 'others' })
    expect(idsOf(state).toSorted()).toEqual(['old', 'ours', 'path'])
  })

  it('have those of an older release where they began, whether before the first of this one or after the last', () => {
    using root = temporaryDirectory()
    const state = stateAt(root.path)
    beginOld(state, '20360101T000000-00000a')
    for (const run of ['20260103T000000-00000b', '20260102T000000-00000c'])
      begin(state, run, { project: 'shop', sequence: takeSequence(state, run) })
    beginOld(state, '20260101T000000-00000d')
    expect(idsOf(state).map((run) => run.at(-1))).toEqual(['d', 'c', 'b', 'a'])
  })

  it('go on in the file in which they began', () => {
    using root = temporaryDirectory()
    const state = stateAt(root.path)
    beginOld(state, 'old')
    appendJournal(state, 'old', { entry: 'ended', at, outcome: 'done' })
    expect(journalFile(state, 'old')).toBe(join(root.path, 'journals', 'old.jsonl'))
    expect(readRuns(state, host)).toMatchObject([{ outcome: 'done' }])
  })
})
