import { execFile } from 'node:child_process'
import { appendFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { placeOfOld, readSequences, takeSequence } from '../../../../src/io/host/sequence.ts'
import { compareOrder } from '../../../../src/model/order.ts'
import { stateAt } from '../../../support/tool/state.ts'
import { temporaryDirectory } from '../../support/fixtures.ts'

const source = join(import.meta.dirname, '../../../../src/io/host/sequence.ts')
const script = `
const { takeSequence } = await import(process.argv[1])
const state = JSON.parse(process.argv[2])
const taken = []
for (let i = 0; i < 20; i++) taken.push(takeSequence(state, process.argv[3] + '-' + String(i).padStart(2, '0')))
console.log(JSON.stringify(taken))`

describe("the number of a run in its project's order", () => {
  it('counts up whatever the ids say, and is the same again for the same run', () => {
    using root = temporaryDirectory()
    const state = stateAt(root.path)
    const runs = ['20360101T000000-00000a', '20260101T000000-00000b', '20270101T000000-00000c']
    expect(runs.map((run) => takeSequence(state, run))).toEqual([1, 2, 3])
    expect(runs.map((run) => takeSequence(state, run))).toEqual([1, 2, 3])
    expect(statSync(join(state.directory, 'order')).mode & 0o777).toBe(0o660)
  })

  it('is of one project alone', () => {
    using root = temporaryDirectory()
    takeSequence(stateAt(root.path, 'one'), 'a')
    expect(takeSequence(stateAt(root.path, 'other'), 'b')).toBe(1)
  })

  it("goes on behind what the project did under its path's id", () => {
    using root = temporaryDirectory()
    const before = stateAt(root.path, 'path-0123456789ab')
    for (const run of ['a', 'b']) takeSequence(before, run)
    const named = { ...stateAt(root.path), own: ['shop', before.project] }
    expect(['c', 'd'].map((run) => takeSequence(named, run))).toEqual([3, 4])
    expect(['a', 'b', 'c', 'd', 'e'].map(readSequences(named))).toEqual([1, 2, 3, 4, undefined])
  })

  it('is another one for each of many runs side by side', async () => {
    using root = temporaryDirectory()
    const state = stateAt(root.path)
    const processes = Array.from({ length: 5 }, (_, index) =>
      promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        script,
        '--',
        ...[source, JSON.stringify(state), `run${index}`],
      ]),
    )
    const taken = (await Promise.all(processes)).flatMap(({ stdout }) => JSON.parse(stdout) as number[])
    expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  })

  it('outlives a line that a full disk cut off', () => {
    using root = temporaryDirectory()
    const state = stateAt(root.path)
    takeSequence(state, '20260101T000000-00000a')
    appendFileSync(join(state.directory, 'order'), '20260102T0000')
    expect(takeSequence(state, '20260103T000000-00000c')).toBe(2)
    expect(takeSequence(state, '20260104T000000-00000d')).toBe(3)
  })

  it('counts the journals of an older release when it first sees them, so that its later ones are newer', () => {
    using root = temporaryDirectory()
    const state = stateAt(root.path)
    mkdirSync(join(root.path, 'journals'))
    const journalOf = (run: string): void => writeFileSync(join(root.path, 'journals', `${run}.jsonl`), '')
    for (const run of ['20260102T000000-00000b', '20360101T000000-00000a']) journalOf(run)
    expect(takeSequence(state, '20260103T000000-00000c')).toBe(3)
    journalOf('20260101T000000-00000d')
    const runs = ['20260102T000000-00000b', '20360101T000000-00000a', '20260101T000000-00000d']
    expect(runs.map((run) => placeOfOld(state, run))).toEqual([1, 2, Number.POSITIVE_INFINITY])
    expect(takeSequence(state, '20250101T000000-00000e')).toBe(5)
    expect(runs.map((run) => placeOfOld(state, run))).toEqual([1, 2, 4])
  })

  it('orders what has one behind what has none, and that by its id', () => {
    const made = [{ run: 'b', sequence: 2 }, { run: 'z' }, { run: 'c', sequence: 1 }, { run: 'a' }]
    expect(made.toSorted(compareOrder).map(({ run }) => run)).toEqual(['a', 'z', 'c', 'b'])
  })
})
