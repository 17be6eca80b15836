import type { Node, RangeVar } from 'libpg-query'
import { findNodes, relationName } from './ast.ts'
import type { Statement } from './parse.ts'

/** Rows that a statement may write many of; INSERT … VALUES is not meant. */
export type Write = { table: string; verb: string; isBounded: boolean }

type Clauses = { relation?: RangeVar; whereClause?: Node }

const toWrite = (verb: string, { relation, whereClause }: Clauses): Write => ({
  table: relationName(relation),
  verb,
  isBounded: whereClause !== undefined,
})

const writeOf = (node: Node): Write[] => {
  if ('UpdateStmt' in node) return [toWrite('UPDATE', node.UpdateStmt)]
  if ('DeleteStmt' in node) return [toWrite('DELETE', node.DeleteStmt)]
  if ('MergeStmt' in node) return [{ ...toWrite('MERGE', node.MergeStmt), isBounded: true }]
  if (!('InsertStmt' in node)) return []
  const { selectStmt } = node.InsertStmt
  const values = selectStmt && 'SelectStmt' in selectStmt && selectStmt.SelectStmt.valuesLists
  return selectStmt && !values ? [{ ...toWrite('INSERT', node.InsertStmt), isBounded: true }] : []
}

/** A statement's own write and those in its WITH clauses; what a rule or a function will do later is not meant. */
export const writesOf = ({ node }: Statement): Write[] => {
  const runsNow = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].some(
    (kind) => kind in node,
  )
  const expressions = runsNow ? findNodes('CommonTableExpr', node) : []
  return [node, ...expressions.flatMap(({ ctequery }) => ctequery ?? [])].flatMap(writeOf)
}
