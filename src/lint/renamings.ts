import type { Node, ObjectType } from 'libpg-query'
import { objectName, qualify, relationName } from './ast.ts'
import type { Body } from './parse.ts'
import { type Change, type Columns, keyOf, type Present, schemaKeyOf, type Thing } from './things.ts'

type Move = { from: string; to: string }

const types: readonly (ObjectType | undefined)[] = ['OBJECT_TYPE', 'OBJECT_DOMAIN']
/** Their RENAME names a relation, and does not rename it. */
const inside: readonly (ObjectType | undefined)[] = [
  'OBJECT_COLUMN',
  'OBJECT_TABCONSTRAINT',
  'OBJECT_TRIGGER',
  'OBJECT_RULE',
  'OBJECT_POLICY',
  'OBJECT_ATTRIBUTE',
]

/** `a.b` by another name in the same schema. */
const sibling = (name: string, newname: string | undefined): string =>
  qualify([name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : undefined, newname])

const renamed = ({ renameType, relation, object, subname, newname }: Body<'RenameStmt'>): Move[] => {
  if (renameType === 'OBJECT_SCHEMA')
    return [{ from: keyOf('schema', subname ?? ''), to: keyOf('schema', newname ?? '') }]
  if (types.includes(renameType)) {
    const name = objectName(object)
    return [{ from: keyOf('type', name), to: keyOf('type', sibling(name, newname)) }]
  }
  if (!relation || inside.includes(renameType)) return []
  const to = qualify([relation.schemaname, newname])
  return [{ from: keyOf('relation', relationName(relation)), to: keyOf('relation', to) }]
}

const last = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

const rehoused = ({ objectType, relation, object, newschema }: Body<'AlterObjectSchemaStmt'>): Move[] => {
  if (relation) {
    const to = qualify([newschema, relation.relname])
    return [{ from: keyOf('relation', relationName(relation)), to: keyOf('relation', to) }]
  }
  if (!types.includes(objectType)) return []
  const name = objectName(object)
  return [{ from: keyOf('type', name), to: keyOf('type', qualify([newschema, last(name)])) }]
}

/** What is in a renamed schema moves with it. */
const withContents = (move: Move, keys: readonly string[]): Move[] =>
  move.from.startsWith('schema ')
    ? [
        move,
        ...keys
          .filter((key) => schemaKeyOf(key) === move.from)
          .map((key) => {
            const kind = key.slice(0, key.indexOf(' '))
            const schema = move.to.slice(move.to.indexOf(' ') + 1)
            return { from: key, to: `${kind} ${qualify([schema, last(key)])}` }
          }),
      ]
    : [move]

const columnsAfter = (columns: Columns, moves: ReadonlyMap<string, string>): Columns =>
  new Map(
    [...columns].map(([name, type]) => {
      const to = moves.get(keyOf('type', type.name))
      return [name, to ? { ...type, name: to.slice(to.indexOf(' ') + 1) } : type]
    }),
  )

/** A thing that refers to others by their names. */
const referring = ({ columns, table, ...thing }: Thing, moves: ReadonlyMap<string, string>): Thing => ({
  ...thing,
  ...(table !== undefined && { table: moves.get(table) ?? table }),
  ...(columns && { columns: columnsAfter(columns, moves) }),
})

const refersTo = ({ columns, table }: Thing, moves: ReadonlyMap<string, string>): boolean =>
  (table !== undefined && moves.has(table)) ||
  [...(columns?.values() ?? [])].some(({ name }) => moves.has(keyOf('type', name)))

const moved = (moves: readonly Move[], { get, keys }: Present): Change[] => {
  const map = new Map(moves.map(({ from, to }) => [from, to]))
  const kept = keys().flatMap((key): Change[] => {
    const thing = get(key)
    return thing && !map.has(key) && refersTo(thing, map) ? [[key, referring(thing, map)]] : []
  })
  return [
    ...kept,
    ...moves.map(({ from }): Change => [from, undefined]),
    ...moves.map(({ from, to }): Change => {
      const thing = get(from)
      return [to, thing && referring(thing, map)]
    }),
  ]
}

const columnRenamed = (
  { relation, subname = '', newname = '' }: Body<'RenameStmt'>,
  { get }: Present,
): Change[] => {
  const key = keyOf('relation', relationName(relation))
  const thing = get(key)
  const type = thing?.columns?.get(subname)
  if (!thing?.columns || !type) return []
  const columns = new Map(thing.columns)
  columns.delete(subname)
  return [[key, { ...thing, columns: columns.set(newname, type) }]]
}

/** What a statement gives another name, or another schema. */
export const movesOf = (node: Node, present: Present): Change[] => {
  if ('RenameStmt' in node && node.RenameStmt.renameType === 'OBJECT_COLUMN')
    return columnRenamed(node.RenameStmt, present)
  const moves = [
    ...('RenameStmt' in node ? renamed(node.RenameStmt) : []),
    ...('AlterObjectSchemaStmt' in node ? rehoused(node.AlterObjectSchemaStmt) : []),
  ].flatMap((move) => withContents(move, present.keys()))
  return moves.length > 0 ? moved(moves, present) : []
}
