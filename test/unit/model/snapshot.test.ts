import { describe, expect, it } from 'vitest'
import { mayHaveWritten, nextTransaction, transactionsBetween } from '../../../src/model/snapshot.ts'

describe('whether anything may have been written since a snapshot', () => {
  it.each([
    ['nothing got a transaction id', '742:742:', '742:742:', false],
    ['a transaction got an id since', '742:742:', '742:743:742', true],
    ['one with an id has ended since', '742:742:', '744:744:', true],
    ['one that had its id was still open then', '742:744:742', '744:744:', true],
    ['ids beyond 32 bits count', '4294967296:4294967296:', '4294967296:4294967297:', true],
  ])('%s', (...[, before, now, written]) => {
    expect(mayHaveWritten(before, now)).toBe(written)
  })
})

describe('the transactions between two snapshots', () => {
  it.each([
    ['742:742:', '742:742:', 0],
    ['742:744:742', '745:750:', 6],
    ['4294967290:4294967295:', '4294967296:4294967300:', 5],
  ])('%s and %s are %i', (before, now, count) => {
    expect(transactionsBetween(before, now)).toBe(count)
  })

  it('begin with the next id', () => {
    expect(nextTransaction('742:744:742,743')).toBe(744n)
    expect(nextTransaction('no snapshot')).toBe(0n)
  })
})
