import type { Node } from 'libpg-query'
import { objectName, qualify, relationName, stringsOf } from './ast.ts'
import type { Body, Kind, Statement } from './parse.ts'
import type { LintedFile } from './rule.ts'

/** A statement's place in the up section. */
export type At = { file: LintedFile; index: number }

/** `index` and `sequence`, tables and views share one name space in Postgres, and here. */
export type CreatedKind = 'relation' | 'type' | 'schema'

type Makers = { [K in Kind]?: (body: Body<K>) => string[] }

const relation = (name: string): string => `relation ${name}`
const type = (name: string): string => `type ${name}`

const ofSchema = ({ schemaname, schemaElts = [] }: Body<'CreateSchemaStmt'>): string[] => [
  `schema ${schemaname ?? ''}`,
  ...schemaElts.flatMap((node) => madeBy(node)),
]

const makers: Makers = {
  CreateStmt: (body) => [relation(relationName(body.relation))],
  CreateForeignTableStmt: (body) => [relation(relationName(body.base?.relation))],
  CreateTableAsStmt: (body) => [relation(relationName(body.into?.rel))],
  SelectStmt: (body) => (body.intoClause ? [relation(relationName(body.intoClause.rel))] : []),
  ViewStmt: (body) => (body.replace ? [] : [relation(relationName(body.view))]),
  CreateSeqStmt: (body) => [relation(relationName(body.sequence))],
  IndexStmt: (body) => [relation(qualify([body.relation?.schemaname, body.idxname]))],
  CreateEnumStmt: (body) => [type(qualify(stringsOf(body.typeName)))],
  CreateDomainStmt: (body) => [type(qualify(stringsOf(body.domainname)))],
  CreateRangeStmt: (body) => [type(qualify(stringsOf(body.typeName)))],
  CompositeTypeStmt: (body) => [type(relationName(body.typevar))],
  CreateSchemaStmt: ofSchema,
}

const madeBy = (node: Node): string[] => {
  const [[kind, body] = []] = Object.entries(node)
  const maker = makers[kind as Kind] as ((body: unknown) => string[]) | undefined
  return maker?.(body) ?? []
}

/** What was made in this file and gets another name is still new. */
const renamed = ({ node }: Statement, known: ReadonlyMap<string, number>): string[] => {
  if ('RenameStmt' in node) {
    const { relation: range, object, newname } = node.RenameStmt
    if (range && known.has(relation(relationName(range))))
      return [relation(qualify([range.schemaname, newname]))]
    return object && known.has(type(objectName(object))) ? [type(qualify([newname]))] : []
  }
  if ('AlterObjectSchemaStmt' in node) {
    const { relation: range, newschema } = node.AlterObjectSchemaStmt
    if (range && known.has(relation(relationName(range))))
      return [relation(qualify([newschema, range.relname]))]
  }
  return []
}

const cache = new WeakMap<LintedFile, ReadonlyMap<string, number>>()

/** Name -> index of the statement of the up section that made it first. */
const readCreated = (file: LintedFile): ReadonlyMap<string, number> => {
  const known = new Map<string, number>()
  for (const [index, statement] of file.up.entries())
    for (const name of [...madeBy(statement.node), ...renamed(statement, known)])
      if (!known.has(name)) known.set(name, index)
  cache.set(file, known)
  return known
}

/**
 * Whether the file itself made an object before this statement: nobody else can see it yet, so no lock on it makes
 * anyone wait. Everything in a schema that the file made counts, too.
 */
export const isCreated = ({ file, index }: At, name: string, kind: CreatedKind = 'relation'): boolean => {
  const known = cache.get(file) ?? readCreated(file)
  const schema = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : undefined
  const made = [`${kind} ${name}`, ...(schema && kind !== 'schema' ? [`schema ${schema}`] : [])]
  return made.some((key) => (known.get(key) ?? index) < index)
}
