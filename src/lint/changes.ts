import type { AlterTableCmd, Node, ObjectType, RangeVar } from 'libpg-query'
import {
  type ColumnType,
  columnOf,
  columnType,
  findNodes,
  objectName,
  qualify,
  relationName,
  stringsOf,
} from './ast.ts'
import type { Body, Kind } from './parse.ts'
import { movesOf } from './renamings.ts'
import { type Change, type Columns, keyOf, type Present, schemaKeyOf, type Thing } from './things.ts'

type Makers = { [K in Kind]?: (body: Body<K>, present: Present) => Change[] }

const relation = (range: RangeVar | undefined): string => keyOf('relation', relationName(range))
const type = (nodes: readonly Node[] | undefined): string => keyOf('type', qualify(stringsOf(nodes)))

const made = (key: string, thing: Thing = { made: 'this file' }): Change[] => [[key, thing]]

type Skips = { if_not_exists?: boolean }

/** IF NOT EXISTS makes nothing of what is there. */
const unlessThere = ({ if_not_exists: skips }: Skips = {}, { get }: Present, changes: Change[]): Change[] =>
  changes.filter(([key]) => !skips || !get(key))

const serials: Readonly<Record<string, string>> = {
  smallserial: 'int2',
  serial2: 'int2',
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
}

const storedType = (command: Parameters<typeof columnType>[0]): ColumnType => {
  const given = columnType(command)
  return { ...given, name: serials[given.name] ?? given.name }
}

/** With those of other tables: LIKE, INHERITS and PARTITION OF. */
const columnsIn = ({ tableElts = [], inhRelations = [] }: Body<'CreateStmt'>, present: Present): Columns => {
  const columns = new Map<string, ColumnType>()
  const takeOver = (range: RangeVar | undefined): void => {
    for (const [name, known] of present.get(relation(range))?.columns ?? []) columns.set(name, known)
  }
  for (const node of inhRelations) if ('RangeVar' in node) takeOver(node.RangeVar)
  for (const node of tableElts) {
    if ('TableLikeClause' in node) takeOver(node.TableLikeClause.relation)
    if ('ColumnDef' in node && node.ColumnDef.typeName)
      columns.set(node.ColumnDef.colname ?? '', storedType(node.ColumnDef.typeName))
  }
  return columns
}

const columnTo: Readonly<Record<string, (columns: Map<string, ColumnType>, command: AlterTableCmd) => void>> =
  {
    AT_AddColumn: (columns, command) => {
      const { colname = '', typeName } = columnOf(command)
      columns.set(colname, storedType(typeName))
    },
    AT_DropColumn: (columns, { name = '' }) => columns.delete(name),
    AT_AlterColumnType: (columns, command) =>
      columns.set(command.name ?? '', storedType(columnOf(command).typeName)),
  }

/** A partition or a child may bring rows. */
const bringsRows = (command: AlterTableCmd): boolean =>
  command.subtype === 'AT_AttachPartition' || command.subtype === 'AT_AddInherit'

const altered = ({ relation: range, cmds = [] }: Body<'AlterTableStmt'>, { get }: Present): Change[] => {
  const key = relation(range)
  const { empty, columns, ...thing } = get(key) ?? {}
  const commands = cmds.flatMap((node) => ('AlterTableCmd' in node ? [node.AlterTableCmd] : []))
  const later = new Map(columns)
  for (const command of commands) columnTo[command.subtype ?? '']?.(later, command)
  const stays = empty && !commands.some(bringsRows)
  return get(key) ? [[key, { ...thing, ...(columns && { columns: later }), ...(stays && { empty }) }]] : []
}

const filled = (range: RangeVar | undefined, { get }: Present): Change[] => {
  const { empty, ...thing } = get(relation(range)) ?? {}
  return empty ? [[relation(range), thing]] : []
}

/** The rows that a statement writes, and those that its WITH clauses do. */
const written = (node: Node, present: Present): Change[] => {
  const [[kind, body] = []] = Object.entries(node) as [string, Body<'InsertStmt'>][]
  const own = kind === 'InsertStmt' || kind === 'MergeStmt' ? filled(body?.relation, present) : []
  const inside = [...findNodes('InsertStmt', body?.withClause), ...findNodes('MergeStmt', body?.withClause)]
  return [...own, ...inside.flatMap(({ relation: range }) => filled(range, present))]
}

const truncated = ({ relations = [] }: Body<'TruncateStmt'>, { get }: Present): Change[] =>
  relations.flatMap((node): Change[] =>
    'RangeVar' in node && node.RangeVar.inh
      ? [[relation(node.RangeVar), { ...get(relation(node.RangeVar)), empty: true }]]
      : [],
  )

const relations: readonly ObjectType[] = [
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SEQUENCE',
  'OBJECT_INDEX',
]

const dropped = ({ removeType, objects = [] }: Body<'DropStmt'>, { get, keys }: Present): Change[] => {
  const gone = (key: string): Change => [key, undefined]
  if (removeType === 'OBJECT_TYPE' || removeType === 'OBJECT_DOMAIN')
    return objects.map((node) => gone(keyOf('type', objectName(node))))
  if (removeType === 'OBJECT_SCHEMA') {
    const schemas = objects.map((node) => keyOf('schema', objectName(node)))
    return [...schemas, ...keys().filter((key) => schemas.includes(schemaKeyOf(key) ?? ''))].map(gone)
  }
  if (removeType === 'OBJECT_EXTENSION')
    return objects.map((node) => gone(keyOf('extension', objectName(node))))
  if (!removeType || !relations.includes(removeType)) return []
  const named = objects.map((node) => keyOf('relation', objectName(node)))
  return [...named, ...keys().filter((key) => named.includes(get(key)?.table ?? ''))].map(gone)
}

const makers: Makers = {
  CreateStmt: (body, present) =>
    unlessThere(
      body,
      present,
      made(relation(body.relation), { made: 'this file', columns: columnsIn(body, present) }),
    ),
  CreateForeignTableStmt: ({ base }, present) => unlessThere(base, present, made(relation(base?.relation))),
  CreateTableAsStmt: (body, present) => unlessThere(body, present, made(relation(body.into?.rel))),
  SelectStmt: ({ intoClause }) => (intoClause ? made(relation(intoClause.rel)) : []),
  ViewStmt: ({ view, replace }, { get, complete }) =>
    replace && (get(relation(view)) || !complete) ? [] : made(relation(view)),
  CreateSeqStmt: (body, present) => unlessThere(body, present, made(relation(body.sequence))),
  IndexStmt: (body, present) => {
    const key = keyOf('relation', qualify([body.relation?.schemaname, body.idxname]))
    return unlessThere(body, present, made(key, { made: 'this file', table: relation(body.relation) }))
  },
  CreateEnumStmt: ({ typeName }) => made(type(typeName)),
  CreateDomainStmt: ({ domainname, typeName }) =>
    made(type(domainname), { made: 'this file', base: columnType(typeName) }),
  CreateRangeStmt: ({ typeName }) => made(type(typeName)),
  CompositeTypeStmt: ({ typevar }) => made(keyOf('type', relationName(typevar))),
  CreateSchemaStmt: (body, present) => [
    ...unlessThere(body, present, made(keyOf('schema', body.schemaname ?? ''))),
    ...(body.schemaElts ?? []).flatMap((node) => changesOf(node, present)),
  ],
  CreateExtensionStmt: (body, present) =>
    unlessThere(body, present, made(keyOf('extension', body.extname ?? ''))),
  AlterTableStmt: altered,
  CopyStmt: ({ is_from, relation: range }, present) => (is_from ? filled(range, present) : []),
  TruncateStmt: truncated,
  DropStmt: dropped,
}

/** What a statement makes, moves, fills, empties and drops. */
export const changesOf = (node: Node, present: Present): Change[] => {
  const [[kind, body] = []] = Object.entries(node)
  const maker = makers[kind as Kind] as ((body: unknown, present: Present) => Change[]) | undefined
  return [...(maker?.(body, present) ?? []), ...movesOf(node, present), ...written(node, present)]
}
