import type { ObjectType, RenameStmt } from 'libpg-query'
import { objectName, qualify, relationName, stringsOf } from '../../ast.ts'
import { isCreated } from '../../known.ts'
import { type Found, type LintedFile, onStatement, type Rule } from '../../rule.ts'
import type { ThingKind } from '../../things.ts'

const types: readonly ObjectType[] = ['OBJECT_TYPE', 'OBJECT_DOMAIN', 'OBJECT_ATTRIBUTE']
const routines: readonly ObjectType[] = [
  'OBJECT_FUNCTION',
  'OBJECT_PROCEDURE',
  'OBJECT_AGGREGATE',
  'OBJECT_ROUTINE',
]
const relations: readonly ObjectType[] = [
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SEQUENCE',
]
/** What programs name beside tables and columns; an index or a constraint only people and plans do. */
const named: readonly ObjectType[] = ['OBJECT_SCHEMA', 'OBJECT_SEQUENCE', ...types, ...routines]
const moved: readonly ObjectType[] = [...relations, ...types, ...routines, 'OBJECT_EXTENSION']

const kindOf = (type: ObjectType): ThingKind => {
  if (type === 'OBJECT_SCHEMA') return 'schema'
  return types.includes(type) ? 'type' : 'relation'
}

const nameOf = ({ relation, object, subname, renameType }: RenameStmt): string => {
  if (renameType === 'OBJECT_SCHEMA') return subname ?? ''
  return relation ? relationName(relation) : objectName(object)
}

const findRenamed = onStatement('RenameStmt', ({ body, ...at }) => {
  const { renameType, subname, newname } = body
  if (!renameType || !named.includes(renameType)) return undefined
  const name = nameOf(body)
  const shown = renameType === 'OBJECT_ATTRIBUTE' ? `${name}.${subname}` : name
  return isCreated(at, name, kindOf(renameType))
    ? undefined
    : `${shown}: running programs still ask for this name, not for ${newname}`
})

const findMoved = onStatement('AlterObjectSchemaStmt', ({ body, ...at }) => {
  if (!body.objectType || !moved.includes(body.objectType)) return undefined
  const name = body.relation ? relationName(body.relation) : objectName(body.object)
  return isCreated(at, name, kindOf(body.objectType))
    ? undefined
    : `${name}: running programs look for it where it was, not in schema ${body.newschema}`
})

const findRenamedValue = onStatement('AlterEnumStmt', ({ body, ...at }) => {
  const name = qualify(stringsOf(body.typeName))
  return body.oldVal && !isCreated(at, name, 'type')
    ? `${name}: running programs still write '${body.oldVal}', not '${body.newVal}'`
    : undefined
})

const object: Rule = {
  id: 'renaming-object',
  level: 'warning',
  why: 'Programs that are running know the old name of a schema, type, enum value, function or sequence, or the schema it was in: each of their queries that says it fails until they are replaced.',
  fix: 'Make the new one beside the old one (a function may call the other; an enum may have both values), move the programs over, then drop the old one.',
  bad: `-- migrate:up
ALTER SCHEMA shop RENAME TO store; -- ✗
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad'; -- ✗
ALTER TABLE orders SET SCHEMA archive; -- ✗

-- migrate:down
ALTER TABLE archive.orders SET SCHEMA public;
ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';
ALTER SCHEMA store RENAME TO shop;
`,
  good: `-- migrate:up
CREATE FUNCTION net_total(gross numeric) RETURNS numeric LANGUAGE sql AS 'SELECT old_net_total(gross)';
ALTER INDEX orders_idx RENAME TO orders_by_customer_idx;

-- migrate:down
ALTER INDEX orders_by_customer_idx RENAME TO orders_idx;
DROP FUNCTION net_total(numeric);
`,
  find: (file: LintedFile): Found[] => [...findRenamed(file), ...findMoved(file), ...findRenamedValue(file)],
}

export const moveRules: readonly Rule[] = [object]
