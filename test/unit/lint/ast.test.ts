import { describe, expect, it } from 'vitest'
import { findNodes } from '../../../src/lint/ast.ts'

describe('nodes of one kind', () => {
  it('are found in the order of the text', () => {
    const tree = {
      SelectStmt: { targetList: [{ A_Const: { location: 1 } }, { List: [{ A_Const: { location: 2 } }] }] },
    }
    expect(findNodes('A_Const', tree)).toEqual([{ location: 1 }, { location: 2 }])
  })

  it('are found in an INSERT of very many rows, and below an expression that is very deep', () => {
    const rows = Array.from({ length: 300_000 }, (_, location) => ({ A_Const: { location } }))
    expect(findNodes('A_Const', { ValuesLists: rows })).toHaveLength(300_000)
    let deep: object = { A_Const: { location: 1 } }
    for (let depth = 0; depth < 100_000; depth++) deep = { A_Expr: { lexpr: deep } }
    expect(findNodes('A_Const', deep)).toHaveLength(1)
  })
})
