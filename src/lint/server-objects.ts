import type { FoundObjects, FoundRelation, RelationName } from '../model/found-objects.ts'
import { quoteIdentifier } from '../model/sql.ts'
import { findNodes, findRanges, qualify, stringsOf } from './ast.ts'
import { changesOf } from './changes.ts'
import type { Parse, Statement } from './parse.ts'
import { type Columns, type Known, keyOf, type Thing } from './things.ts'

const listed = (node: Parameters<typeof findNodes>[1]): RelationName[] =>
  findNodes('List', node).flatMap(({ items }) => {
    const [name, schema = null] = stringsOf(items).toReversed()
    return name === undefined ? [] : [{ schema, name }]
  })

const namesOf = ({ node }: Statement): RelationName[] => [
  ...findRanges(node).flatMap(({ schemaname = null, relname }) =>
    relname === undefined ? [] : [{ schema: schemaname, name: relname }],
  ),
  ...('DropStmt' in node ? listed(node.DropStmt.objects) : []),
  ...('IndexStmt' in node && node.IndexStmt.idxname !== undefined
    ? [{ schema: node.IndexStmt.relation?.schemaname ?? null, name: node.IndexStmt.idxname }]
    : []),
]

/** Every relation that statements name, once. */
export const namesIn = (statements: readonly Statement[]): RelationName[] => {
  const names = statements.flatMap(namesOf)
  return [...new Map(names.map((name) => [JSON.stringify([name.schema, name.name]), name])).values()]
}

/** Postgres' words for types, read as they are read in files. */
const readColumns = (relations: readonly FoundRelation[], parse: Parse): Map<string, Columns> => {
  const tables = relations.map(({ columns }, index) => {
    const list = Object.entries(columns).map(([name, type]) => `${quoteIdentifier(name)} ${type}`)
    return `create table t${index} (${list.join(', ')});`
  })
  const nothing = { get: () => undefined, keys: () => [], complete: true }
  const { statements } = parse(tables.join('\n'), 1)
  return new Map(
    statements
      .flatMap(({ node }) => changesOf(node, nothing))
      .flatMap(([key, thing]) => (thing?.columns ? [[key, thing.columns] as const] : [])),
  )
}

const columnsOf = (columns: Columns | undefined): Pick<Thing, 'columns'> => (columns ? { columns } : {})

/** What a server has, as the rules know it. */
export const knownFrom = ({ relations, schemas, extensions = [] }: FoundObjects, parse: Parse): Known => {
  const columns = readColumns(relations, parse)
  const things = relations.map(({ schema, name, empty, table }, index): [string, Thing] => [
    keyOf('relation', qualify([schema ?? undefined, name])),
    {
      empty,
      ...(table && { table: keyOf('relation', qualify([table.schema, table.name])) }),
      ...columnsOf(columns.get(keyOf('relation', `t${index}`))),
    },
  ])
  const known = new Map<string, Thing>([
    ...schemas.map((name) => [keyOf('schema', name), {}] as const),
    ...extensions.map((name) => [keyOf('extension', name), {}] as const),
  ])
  // `a` and `public.a` are one key, and may be two tables along a search_path.
  for (const [key, thing] of things)
    known.set(key, { ...thing, empty: thing.empty === true && known.get(key)?.empty !== false })
  return known
}
