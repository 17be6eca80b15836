import type { Node } from 'libpg-query'
import { findNodes, findRanges, plainName, stringConstant } from './ast.ts'
import type { Statement } from './parse.ts'

const item = /"((?:[^"]|"")*)"|([^\s,]+)/g

/** The entries of a search_path in one text: bare ones are folded. */
export const splitPath = (path: string): string[] =>
  [...path.matchAll(item)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare?.toLowerCase() ?? '',
  )

/** The path that a statement sets; empty: the usual one. */
const setPath = ({ node }: Statement): readonly string[] | undefined => {
  if ('VariableSetStmt' in node) {
    const { name, kind, args = [] } = node.VariableSetStmt
    if (kind === 'VAR_RESET_ALL') return []
    return name === 'search_path' ? args.flatMap((arg) => stringConstant(arg) ?? []) : undefined
  }
  const calls = 'SelectStmt' in node ? findNodes('FuncCall', node.SelectStmt.targetList) : []
  const [, value] =
    calls.find(
      ({ funcname, args: [name] = [] }) =>
        plainName(funcname) === 'set_config' && stringConstant(name) === 'search_path',
    )?.args ?? []
  return value && splitPath(stringConstant(value) ?? '')
}

const place = (node: Node, schema: string): void => {
  for (const range of findRanges(node))
    if (range.schemaname === undefined && range.relpersistence !== 't') range.schemaname = schema
  if (!('DropStmt' in node)) return
  for (const { items } of findNodes('List', node.DropStmt.objects))
    if (items?.length === 1) items.unshift({ String: { sval: schema } })
}

/** Writes into the names of relations the schema in which a file that sets its search_path means them. */
export const placeNames = (statements: readonly Statement[]): void => {
  let schema: string | undefined
  for (const statement of statements) {
    const path = setPath(statement)
    if (path) schema = path.find((name) => name !== '$user')
    else if (schema !== undefined && schema !== 'public' && schema !== '') place(statement.node, schema)
  }
}
