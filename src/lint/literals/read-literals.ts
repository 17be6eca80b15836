import type { A_Expr, CaseExpr, Node, RangeVar, SelectStmt, SubLink } from 'libpg-query'
import { columnType, findRanges, qualify, relationName, stringsOf } from '../ast.ts'
import { type At, baseTypeAt, columnsAround } from '../known.ts'
import type { Body, Kind, Statement } from '../parse.ts'
import {
  arrayOf,
  asText,
  columnWanted,
  elementOf,
  isText,
  type Scope,
  targetOf,
  typeOf,
  type Wanted,
  wantedByCall,
} from './wanted.ts'

/** A string of a statement, and what Postgres reads it as when the statement is analysed. */
export type Literal = { text: string; wanted: Wanted }

type Reader = Scope & { found: Literal[] }
type Read<T> = (body: T, wanted: Wanted, reader: Reader) => void

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** An expression as what is wanted there; all below it, where no handler knows better, as text. */
const visit = (node: unknown, wanted: Wanted, reader: Reader): void => {
  if (!isObject(node)) return
  const [[kind, body] = ['', undefined], ...others] = Object.entries(node)
  const handler = others.length === 0 ? (handlers[kind as Kind] as Read<unknown> | undefined) : undefined
  if (handler) handler(body, wanted, reader)
  // A bound stands in its statement without its kind.
  else if ('listdatums' in node || 'lowerdatums' in node)
    readBound(node as Body<'PartitionBoundSpec'>, reader)
  else for (const value of Object.values(node)) visit(value, asText, reader)
}

const visitAll = (nodes: readonly unknown[] = [], wanted: Wanted, reader: Reader): void => {
  for (const node of nodes) visit(node, wanted, reader)
}

const itemsOf = (node: Node | undefined): readonly Node[] | undefined => {
  if (node && 'List' in node) return node.List.items ?? []
  return node && 'RowExpr' in node ? (node.RowExpr.args ?? []) : undefined
}

/** Two sides of an operator: a literal becomes what stands on the other. */
const readSides = (left: Node | undefined, right: readonly (Node | undefined)[], reader: Reader): void => {
  const known = [left, ...right].flatMap((node) => (node ? [typeOf(node, reader)] : []))
  const wanted = known.find((type) => type !== undefined) ?? asText
  visitAll([left, ...right], wanted, reader)
}

const readOperator: Read<A_Expr> = ({ kind, lexpr, rexpr }, _, reader) => {
  if (kind === 'AEXPR_OP_ANY' || kind === 'AEXPR_OP_ALL') {
    const left = lexpr && typeOf(lexpr, reader)
    const right = rexpr && typeOf(rexpr, reader)
    visit(lexpr, right ? elementOf(right) : asText, reader)
    visit(rexpr, left ? arrayOf(left) : asText, reader)
    return
  }
  const lefts = itemsOf(lexpr)
  const rights = itemsOf(rexpr)
  if (lefts && rights) {
    for (const [index, left] of lefts.entries()) readSides(left, [rights[index]], reader)
  } else readSides(lexpr, rights ?? [rexpr], reader)
}

const readCase: Read<CaseExpr> = ({ arg, args = [], defresult }, wanted, reader) => {
  const whens = args.flatMap((node) => ('CaseWhen' in node ? [node.CaseWhen] : []))
  if (arg)
    readSides(
      arg,
      whens.map(({ expr }) => expr),
      reader,
    )
  else
    visitAll(
      whens.map(({ expr }) => expr),
      asText,
      reader,
    )
  const results = [...whens.map(({ result }) => result), defresult]
  readAlike(results, wanted, reader)
}

/** Alternatives of one type: their own, else that of the place where they stand. */
const readAlike = (nodes: readonly (Node | undefined)[], wanted: Wanted, reader: Reader): void => {
  const own = nodes.flatMap((node) => (node ? [typeOf(node, reader)] : [])).find((type) => type !== undefined)
  visitAll(nodes, own && !isText(own) ? own : wanted, reader)
}

const readSubLink: Read<SubLink> = ({ subLinkType, testexpr, subselect }, wanted, reader) => {
  const select = subselect && 'SelectStmt' in subselect ? subselect.SelectStmt : undefined
  const inner = subLinkType === 'ARRAY_SUBLINK' ? elementOf(wanted) : wanted
  const tested = testexpr && typeOf(testexpr, reader)
  visit(testexpr, targetOf(select, 0, reader) ?? asText, reader)
  if (select) readSelect(select, (at) => (at === 0 ? (tested ?? inner) : asText), reader)
}

type Wants = (at: number) => Wanted

const readSelect = (select: SelectStmt, wants: Wants, reader: Reader): void => {
  const { larg, rarg, targetList = [], valuesLists = [], ...rest } = select
  visit({ ...rest, op: undefined }, asText, reader)
  const branches = [larg, rarg]
  for (const [index, branch] of branches.entries()) {
    const beside = branches[1 - index]
    const wanted: Wants = (at) => (isText(wants(at)) ? (targetOf(beside, at, reader) ?? asText) : wants(at))
    if (branch) readSelect(branch, wanted, reader)
  }
  for (const [at, target] of targetList.entries())
    if ('ResTarget' in target) visit(target.ResTarget.val, wants(at), reader)
  for (const row of valuesLists)
    for (const [at, value] of (itemsOf(row) ?? []).entries()) visit(value, wants(at), reader)
}

const columnIn = (relation: RangeVar | undefined, name: string, reader: Reader): Wanted =>
  columnWanted(name, { ...reader, tables: [relationName(relation)] })

const namesIn = (nodes: readonly Node[] = []): string[] =>
  nodes.flatMap((node) => ('ResTarget' in node ? [node.ResTarget.name ?? ''] : []))

/** The columns of an INSERT by their places: those that it names, or all of the table. */
const placesOf = (
  relation: RangeVar | undefined,
  cols: readonly Node[] | undefined,
  reader: Reader,
): Wants => {
  const [columns] = columnsAround(reader.at, relationName(relation))
  const names = cols ? namesIn(cols) : [...(columns?.keys() ?? [])]
  return (at) => {
    const name = names[at]
    return name === undefined ? 'unknown' : columnIn(relation, name, reader)
  }
}

const readInsert: Read<Body<'InsertStmt'>> = (
  { relation, cols, selectStmt, onConflictClause, ...rest },
  _,
  reader,
) => {
  const wants = placesOf(relation, cols, reader)
  if (selectStmt && 'SelectStmt' in selectStmt) readSelect(selectStmt.SelectStmt, wants, reader)
  readAssignments(relation, onConflictClause?.targetList, reader)
  visitAll([onConflictClause?.whereClause, { ...rest, override: undefined }], asText, reader)
}

const readAssignments = (
  relation: RangeVar | undefined,
  targets: readonly Node[] = [],
  reader: Reader,
): void => {
  for (const target of targets) {
    const { name = '', val } = 'ResTarget' in target ? target.ResTarget : {}
    const wanted = columnIn(relation, name, reader)
    if (!val || !('MultiAssignRef' in val)) visit(val, wanted, reader)
    else {
      const { source, colno = 1 } = val.MultiAssignRef
      const items = itemsOf(source)
      if (items) visit(items[colno - 1], wanted, reader)
      else if (colno === 1) visit(source, wanted, reader)
    }
  }
}

const readUpdate: Read<Body<'UpdateStmt'>> = ({ relation, targetList, ...rest }, _, reader) => {
  readAssignments(relation, targetList, reader)
  visit({ ...rest, override: undefined }, asText, reader)
}

const readMerge: Read<Body<'MergeStmt'>> = ({ relation, mergeWhenClauses = [], ...rest }, _, reader) => {
  visit({ ...rest, override: undefined }, asText, reader)
  for (const node of mergeWhenClauses) {
    const {
      commandType,
      condition,
      targetList,
      values = [],
    } = 'MergeWhenClause' in node ? node.MergeWhenClause : {}
    visit(condition, asText, reader)
    if (commandType === 'CMD_UPDATE') readAssignments(relation, targetList, reader)
    const wants = placesOf(relation, targetList, reader)
    for (const [at, value] of values.entries()) visit(value, wants(at), reader)
  }
}

/** In `'a'::text::mood` each cast is of the literal. */
const readCast: Read<Body<'TypeCast'>> = ({ arg, typeName }, _, reader) => {
  const types = [columnType(typeName)]
  let inner = arg
  for (; inner && 'TypeCast' in inner; inner = inner.TypeCast.arg)
    types.push(columnType(inner.TypeCast.typeName))
  visit(inner, types, reader)
}

/** A default is of its column's type; a CHECK is an expression over the table. */
const readColumn: Read<Body<'ColumnDef'>> = (
  { typeName, constraints = [], raw_default: using },
  _,
  reader,
) => {
  const type: Wanted = typeName ? [columnType(typeName)] : asText
  visit(using, type, reader)
  readConstraints(constraints, type, reader)
}

const readConstraints = (constraints: readonly Node[], type: Wanted, reader: Reader): void => {
  for (const node of constraints) {
    const { contype, raw_expr: expression } = 'Constraint' in node ? node.Constraint : {}
    visit(expression, contype === 'CONSTR_DEFAULT' ? type : asText, reader)
  }
}

const readDomain: Read<Body<'CreateDomainStmt'>> = ({ typeName, constraints = [] }, _, reader) => {
  const value: Wanted = [columnType(typeName)]
  readConstraints(constraints, value, { ...reader, value })
}

const readAlteredDomain: Read<Body<'AlterDomainStmt'>> = ({ subtype, typeName, def }, _, reader) => {
  const name = qualify(stringsOf(typeName))
  const type = { name, modifiers: [], array: false }
  const base = baseTypeAt(reader.at, type)
  const value: Wanted = base === type ? 'unknown' : [base]
  if (subtype === 'T') visit(def, value, reader)
  else readConstraints(def ? [def] : [], value, { ...reader, value })
}

const readFunction: Read<Body<'CreateFunctionStmt'>> = (
  { parameters = [], returnType, sql_body },
  _,
  reader,
) => {
  for (const node of parameters)
    if ('FunctionParameter' in node)
      visit(node.FunctionParameter.defexpr, [columnType(node.FunctionParameter.argType)], reader)
  visit(sql_body, returnType ? [columnType(returnType)] : asText, reader)
}

/** A bound is of the type of a column of the table that is divided; which, only its definition says. */
const readBound = (
  { listdatums, lowerdatums, upperdatums }: Body<'PartitionBoundSpec'>,
  reader: Reader,
): void => {
  const columns = reader.tables.flatMap((table) => columnsAround(reader.at, table))
  const types = columns.flatMap((known) => [...known.values()])
  const wanted: Wanted = types.length === 0 ? 'unknown' : types
  for (const node of [...(listdatums ?? []), ...(lowerdatums ?? []), ...(upperdatums ?? [])])
    visit('PartitionRangeDatum' in node ? node.PartitionRangeDatum.value : node, wanted, reader)
}

const handlers: { [K in Kind]?: Read<Body<K>> } = {
  A_Const: ({ sval }, wanted, { found }) => {
    if (sval) found.push({ text: sval.sval ?? '', wanted })
  },
  TypeCast: readCast,
  CollateClause: ({ arg }, wanted, reader) => visit(arg, wanted, reader),
  A_ArrayExpr: ({ elements = [] }, wanted, reader) => readAlike(elements, elementOf(wanted), reader),
  A_Expr: readOperator,
  CaseExpr: readCase,
  CoalesceExpr: ({ args = [] }, wanted, reader) => readAlike(args, wanted, reader),
  MinMaxExpr: ({ args = [] }, wanted, reader) => readAlike(args, wanted, reader),
  FuncCall: (call, _, reader) => {
    const { args, ...rest } = call
    visitAll(args, wantedByCall(call, reader), reader)
    visit({ filter: rest.agg_filter, over: rest.over, order: rest.agg_order }, asText, reader)
  },
  SubLink: readSubLink,
  SelectStmt: (select, wanted, reader) => readSelect(select, (at) => (at === 0 ? wanted : asText), reader),
  InsertStmt: readInsert,
  UpdateStmt: readUpdate,
  MergeStmt: readMerge,
  ColumnDef: readColumn,
  CreateDomainStmt: readDomain,
  AlterDomainStmt: readAlteredDomain,
  CreateFunctionStmt: readFunction,
  ReturnStmt: ({ returnval }, wanted, reader) => visit(returnval, wanted, reader),
  AlterTableCmd: ({ subtype, name = '', def }, _, reader) =>
    visit(def, subtype === 'AT_ColumnDefault' ? columnWanted(name, reader) : asText, reader),
}

/** Every string of a statement that Postgres reads when it runs, or analyses, the statement. */
export const readLiterals = (statement: Statement, at: At, types: ReadonlySet<string>): Literal[] => {
  const tables = [...new Set(findRanges(statement.node).map(relationName))]
  const found: Literal[] = []
  visit(statement.node, asText, { at, tables, types, found })
  return found
}
