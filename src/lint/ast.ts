import type { AlterTableCmd, ColumnDef, Constraint, ConstrType, Node, RangeVar, TypeName } from 'libpg-query'
import type { Body, Kind } from './parse.ts'

/** `name` without `pg_catalog`; a length, precision and scale are modifiers. */
export type ColumnType = { name: string; modifiers: readonly number[]; array: boolean }

/** A name as rules compare and print it: `public` is left out, so `orders` and `public.orders` are one. */
export const qualify = (parts: readonly (string | undefined)[]): string => {
  const [schema, ...rest] = parts.filter((part) => part !== undefined)
  return schema === undefined
    ? ''
    : (schema === 'public' && rest.length > 0 ? rest : [schema, ...rest]).join('.')
}

export const relationName = (range: RangeVar | undefined): string =>
  qualify([range?.schemaname, range?.relname])

export const stringsOf = (nodes: readonly Node[] | undefined): string[] =>
  (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []))

/** What DROP, RENAME and COMMENT call an object: a list, one word, a type or a function with its arguments. */
export const objectName = (node: Node | undefined): string => {
  if (!node) return ''
  if ('List' in node) return qualify(stringsOf(node.List.items))
  if ('TypeName' in node) return qualify(stringsOf(node.TypeName.names))
  if ('ObjectWithArgs' in node) return qualify(stringsOf(node.ObjectWithArgs.objname))
  return qualify(stringsOf([node]))
}

const withoutCatalog = (names: readonly string[]): readonly string[] =>
  names[0] === 'pg_catalog' ? names.slice(1) : names

/** A function's or a type's name, without `pg_catalog`. */
export const plainName = (nodes: readonly Node[] | undefined): string =>
  qualify(withoutCatalog(stringsOf(nodes)))

/** The grammar leaves a zero out. */
const integerOf = (node: Node): number[] =>
  'A_Const' in node && node.A_Const.ival ? [node.A_Const.ival.ival ?? 0] : []

export const columnType = (type: TypeName | undefined): ColumnType => ({
  name: plainName(type?.names),
  modifiers: (type?.typmods ?? []).flatMap(integerOf),
  array: (type?.arrayBounds ?? []).length > 0,
})

/** As people write it, e.g. `varchar(20)`. */
export const typeText = ({ name, modifiers, array }: ColumnType): string =>
  `${name}${modifiers.length > 0 ? `(${modifiers.join(', ')})` : ''}${array ? '[]' : ''}`

export const columnOf = (command: AlterTableCmd): ColumnDef =>
  command.def && 'ColumnDef' in command.def ? command.def.ColumnDef : {}

export const constraintOf = (command: AlterTableCmd): Constraint =>
  command.def && 'Constraint' in command.def ? command.def.Constraint : {}

/** A column's own constraint of one type, e.g. its DEFAULT. */
export const columnConstraint = ({ constraints = [] }: ColumnDef, type: ConstrType): Constraint | undefined =>
  constraints
    .flatMap((node) => ('Constraint' in node ? [node.Constraint] : []))
    .find((constraint) => constraint.contype === type)

/** A column's DEFAULT expression; `DEFAULT NULL` is none. */
export const defaultOf = (column: ColumnDef): Node | undefined => {
  const expression = columnConstraint(column, 'CONSTR_DEFAULT')?.raw_expr
  return expression && 'A_Const' in expression && expression.A_Const.isnull ? undefined : expression
}

export const stringConstant = (node: Node | undefined): string | undefined =>
  node && 'A_Const' in node && node.A_Const.sval ? (node.A_Const.sval.sval ?? '') : undefined

const off: readonly string[] = ['false', 'off', '0']

/** Whether an option in parentheses is given and not switched off, e.g. `REINDEX (CONCURRENTLY)`. */
export const hasOption = (options: readonly Node[] | undefined, name: string): boolean =>
  (options ?? []).some((node) => {
    if (!('DefElem' in node) || node.DefElem.defname !== name) return false
    const { arg } = node.DefElem
    if (arg && 'Integer' in arg) return (arg.Integer.ival ?? 0) !== 0
    return !(arg && 'String' in arg && off.includes((arg.String.sval ?? '').toLowerCase()))
  })

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Below (and at) a node, in the order of the text. Not recursive: an expression of some thousand terms is that deep. */
export function* walk(root: unknown): Generator<object> {
  const open: object[] = isObject(root) ? [root] : []
  for (let node = open.pop(); node; node = open.pop()) {
    yield node
    for (const value of Object.values(node).reverse()) if (isObject(value)) open.push(value)
  }
}

/** Every node of one kind below (and at) a node, in the order of the text. */
export const findNodes = <K extends Kind>(kind: K, root: unknown): Body<K>[] => {
  const found: Body<K>[] = []
  for (const node of walk(root)) if (kind in node) found.push((node as Record<K, Body<K>>)[kind])
  return found
}

/** Every relation that is named below a node; what a statement is about stands there without a kind. */
export const findRanges = (root: unknown): RangeVar[] => {
  const found: RangeVar[] = []
  for (const node of walk(root)) if ('relname' in node) found.push(node as RangeVar)
  return found
}

/** The text of a DO block, or of a function. */
export const bodyTexts = (node: Node): string[] =>
  findNodes('DefElem', node).flatMap(({ defname, arg }) =>
    defname === 'as' && arg ? stringsOf('List' in arg ? arg.List.items : [arg]) : [],
  )
