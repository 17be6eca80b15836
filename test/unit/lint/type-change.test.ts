import { describe, expect, it } from 'vitest'
import type { ColumnType } from '../../../src/lint/ast.ts'
import { rewritesTable } from '../../../src/lint/type-change.ts'

const type = (name: string, ...modifiers: number[]): ColumnType => ({ name, modifiers, array: false })
const array = (name: string, ...modifiers: number[]): ColumnType => ({
  ...type(name, ...modifiers),
  array: true,
})

/** Of an interval's fields: all, and only days. */
const [all, days] = [32767, 8]

describe('a column that goes to another type', () => {
  it.each<[ColumnType, ColumnType]>([
    [type('int4'), type('int4')],
    [type('bpchar', 10), type('bpchar', 10)],
    [array('text'), array('text')],
    [type('varchar', 10), type('varchar', 11)],
    [type('varbit', 3), type('varbit')],
    [type('numeric', 10, 2), type('numeric', 11, 2)],
    [type('numeric', 10, 2), type('numeric')],
    [type('numeric', 10), type('numeric', 10, 0)],
    [type('numeric', 10, 0), type('numeric', 10)],
    [type('timestamptz', 3), type('timestamptz', 4)],
    [type('timestamptz', 6), type('timestamptz')],
    [type('timestamptz'), type('timestamptz', 6)],
    [type('timestamp', 0), type('timestamp')],
    [type('interval', all, 3), type('interval')],
    [type('interval', all, 6), type('interval')],
    [type('interval', days), type('interval', days, 6)],
  ])('stays as it is on the disk: %j → %j', (from, to) => {
    expect(rewritesTable(from, to)).toBe(false)
  })

  it.each<[ColumnType, ColumnType]>([
    [type('varchar', 11), type('varchar', 10)],
    [type('varchar'), type('varchar', 10)],
    [type('text'), type('varchar', 10)],
    [type('bpchar', 10), type('bpchar', 11)],
    [type('numeric'), type('numeric', 10)],
    [type('numeric'), type('numeric', 10, 2)],
    [type('numeric', 10, 2), type('numeric', 9, 2)],
    [type('numeric', 10, 2), type('numeric', 10)],
    [type('numeric', 10), type('numeric', 10, 2)],
    [type('timestamptz'), type('timestamptz', 5)],
    [type('timestamptz', 3), type('timestamptz', 2)],
    [type('interval', all), type('interval', days)],
    [type('interval', days), type('interval')],
    [type('interval'), type('interval', all, 5)],
    [type('inet'), type('cidr')],
    [type('text'), array('text')],
    [array('varchar', 10), array('varchar', 11)],
    [array('varchar', 10), type('varchar', 11)],
    [type('varchar', 10), array('varchar', 11)],
  ])('is written anew: %j → %j', (from, to) => {
    expect(rewritesTable(from, to)).toBe(true)
  })
})
