import type { ColumnRef, FuncCall, Node, SelectStmt } from 'libpg-query'
import { type ColumnType, columnType, plainName, stringsOf } from '../ast.ts'
import { type At, columnsAround } from '../known.ts'
import { steadyFunctions } from '../volatility.ts'

/** The types as which Postgres may read a literal; none: as text. `unknown`: what is here does not say. */
export type Wanted = readonly ColumnType[] | 'unknown'

/** Where an expression stands. */
export type Scope = {
  at: At
  /** Every relation that its statement names. */
  tables: readonly string[]
  /** The types that are looked for: a column that nobody knows is none of them where no table has one. */
  types: ReadonlySet<string>
  /** What VALUE is, in a domain. */
  value?: Wanted
}

export const asText: Wanted = []

export const isText = (wanted: Wanted): boolean => wanted !== 'unknown' && wanted.length === 0

const each = (wanted: Wanted, change: (type: ColumnType) => ColumnType[]): Wanted =>
  wanted === 'unknown' ? wanted : wanted.flatMap(change)

export const elementOf = (wanted: Wanted): Wanted =>
  each(wanted, (type) => (type.array ? [{ ...type, array: false }] : []))

export const arrayOf = (wanted: Wanted): Wanted => each(wanted, (type) => [{ ...type, array: true }])

const both = (one: Wanted, other: Wanted): Wanted =>
  one === 'unknown' || other === 'unknown' ? 'unknown' : [...one, ...other]

/** Functions that take text beside those that are called once for an ALTER TABLE. */
const ofText = new Set([
  ...['set_config', 'nextval', 'setval', 'pg_notify', 'jsonb_set', 'jsonb_extract_path_text', 'string_agg'],
  ...['regexp_replace', 'regexp_match', 'regexp_matches', 'split_part', 'strpos', 'starts_with', 'translate'],
])

/** What the literals among a function's arguments are read as. */
export const wantedByCall = ({ funcname, args = [] }: FuncCall, scope: Scope): Wanted => {
  const name = plainName(funcname)
  if (steadyFunctions.has(name) || ofText.has(name)) return asText
  if (!name.startsWith('array_')) return 'unknown'
  const types = args.map((arg) => typeOf(arg, scope) ?? asText)
  return each(types.reduce(both, asText), (type) => [type, { ...type, array: false }])
}

/** A column's type, by its name alone: a statement rarely has two of one name. */
export const columnWanted = (name: string, { at, tables, types, value }: Scope): Wanted => {
  if (value && name === 'value') return value
  const around = tables.map((table) => columnsAround(at, table))
  const found = around.flatMap((columns) => columns.flatMap((known) => known.get(name) ?? []))
  if (found.length > 0) return found
  const mayBe = around.some(
    (columns) =>
      columns.length === 0 ||
      columns.some((known) => [...known.values()].some((type) => types.has(type.name))),
  )
  return mayBe || tables.length === 0 ? 'unknown' : asText
}

const referred = ({ fields = [] }: ColumnRef, scope: Scope): Wanted => {
  const name = stringsOf(fields).at(-1)
  return name === undefined ? asText : columnWanted(name, scope)
}

const firstOf = (nodes: readonly (Node | undefined)[], scope: Scope): Wanted | undefined => {
  for (const node of nodes) {
    const found = node && typeOf(node, scope)
    if (found) return found
  }
  return undefined
}

/** The type of the column at a place of a query's answer. */
export const targetOf = (select: SelectStmt | undefined, at: number, scope: Scope): Wanted | undefined => {
  if (select?.op && select.op !== 'SETOP_NONE')
    return targetOf(select.larg, at, scope) ?? targetOf(select.rarg, at, scope)
  const target = select?.targetList?.[at]
  return target && 'ResTarget' in target && target.ResTarget.val
    ? typeOf(target.ResTarget.val, scope)
    : undefined
}

const queried = (node: Node | undefined, scope: Scope): Wanted | undefined =>
  node && 'SelectStmt' in node ? targetOf(node.SelectStmt, 0, scope) : undefined

type Kinds = Node extends infer One ? (One extends unknown ? keyof One : never) : never
type Content<K> = Node extends infer One
  ? One extends { [Key in K & string]: infer Value }
    ? Value
    : never
  : never
type Reader<K> = (content: Content<K>, scope: Scope) => Wanted | undefined

/** By kind of node; every other expression is of no type that is looked for. */
const readers: { [K in Kinds]?: Reader<K> } = {
  A_Const: ({ sval, isnull }) => (sval || isnull ? undefined : asText),
  ColumnRef: referred,
  TypeCast: ({ typeName }) => [columnType(typeName)],
  A_ArrayExpr: ({ elements = [] }, scope) => {
    const element = firstOf(elements, scope)
    return element && arrayOf(element)
  },
  A_Indirection: ({ arg, indirection = [] }, scope) => {
    const isElement = indirection.every((step) => 'A_Indices' in step && !step.A_Indices.is_slice)
    return isElement && arg ? elementOf(typeOf(arg, scope) ?? asText) : 'unknown'
  },
  CaseExpr: ({ args = [], defresult }, scope) => {
    const results = args.map((arg) => ('CaseWhen' in arg ? arg.CaseWhen.result : undefined))
    return firstOf([...results, defresult], scope)
  },
  CoalesceExpr: ({ args = [] }, scope) => firstOf(args, scope),
  MinMaxExpr: ({ args = [] }, scope) => firstOf(args, scope),
  FuncCall: (call, scope) => (isText(wantedByCall(call, scope)) ? asText : 'unknown'),
  SubLink: ({ subLinkType, subselect }, scope) => {
    const answer = queried(subselect, scope) ?? asText
    if (subLinkType === 'ARRAY_SUBLINK') return arrayOf(answer)
    return subLinkType === 'EXPR_SUBLINK' ? answer : asText
  },
  A_Expr: ({ kind, name, lexpr, rexpr }, scope) => {
    const keeps = kind === 'AEXPR_NULLIF' || stringsOf(name).at(-1) === '||'
    return keeps ? both(firstOf([lexpr], scope) ?? asText, firstOf([rexpr], scope) ?? asText) : asText
  },
  ParamRef: () => 'unknown',
  RowExpr: () => 'unknown',
}

/** What an expression is; undefined: a literal, which becomes what stands beside it. */
export const typeOf = (node: Node, scope: Scope): Wanted | undefined => {
  const [[kind, content] = []] = Object.entries(node)
  const read = readers[kind as Kinds] as ((content: unknown, scope: Scope) => Wanted | undefined) | undefined
  return read ? read(content, scope) : asText
}
