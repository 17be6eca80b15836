import type { ObjectType } from 'libpg-query'
import { objectName, qualify, relationName, stringsOf } from '../../ast.ts'
import { isCreated } from '../../created.ts'
import { type Found, type LintedFile, onStatement, type Rule } from '../../rule.ts'

const relations: readonly ObjectType[] = [
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
]
const types: readonly ObjectType[] = ['OBJECT_TYPE', 'OBJECT_DOMAIN']
/** Only people and plans name these. */
const harmless: readonly ObjectType[] = [
  ...['OBJECT_INDEX', 'OBJECT_TABCONSTRAINT', 'OBJECT_DOMCONSTRAINT', 'OBJECT_TRIGGER', 'OBJECT_POLICY'],
  // Roles and databases belong to the cluster; other rules speak of them.
  ...['OBJECT_ROLE', 'OBJECT_DATABASE', 'OBJECT_TABLESPACE', 'OBJECT_COLUMN', ...relations],
] as readonly ObjectType[]

const column: Rule = {
  id: 'renaming-column',
  level: 'warning',
  why: 'Programs that are running know the old name: each of their queries on it fails from the moment the file is done until they are replaced.',
  fix: 'Add a column of the new name, keep both filled by a trigger, move the programs over, then drop the old one.',
  bad: `-- migrate:up
ALTER TABLE orders RENAME COLUMN note TO comment; -- ✗

-- migrate:down
ALTER TABLE orders RENAME COLUMN comment TO note;
`,
  good: `-- migrate:up
ALTER TABLE orders ADD COLUMN comment text;

-- migrate:down
ALTER TABLE orders DROP COLUMN comment;
`,
  find: onStatement('RenameStmt', ({ body, ...at }) => {
    const table = relationName(body.relation)
    return body.renameType === 'OBJECT_COLUMN' && !isCreated(at, table)
      ? `${table}.${body.subname}: running programs still ask for this name, not for ${body.newname}.`
      : undefined
  }),
}

const table: Rule = {
  id: 'renaming-table',
  level: 'warning',
  why: 'Programs that are running know the old name of the table or view: each of their queries on it fails from the moment the file is done until they are replaced.',
  fix: 'Leave the name; or rename and, in the same file, CREATE VIEW under the old name (a simple view can be written to), move the programs over, then drop the view; say so with `-- po-migrate:ignore`.',
  bad: `-- migrate:up
ALTER TABLE orders RENAME TO purchases; -- ✗

-- migrate:down
ALTER TABLE purchases RENAME TO orders;
`,
  good: `-- migrate:up
CREATE VIEW purchases AS SELECT * FROM orders;

-- migrate:down
DROP VIEW purchases;
`,
  find: onStatement('RenameStmt', ({ body, ...at }) => {
    const name = relationName(body.relation)
    return body.renameType && relations.includes(body.renameType) && !isCreated(at, name)
      ? `${name}: running programs still ask for this name, not for ${body.newname}.`
      : undefined
  }),
}

const findRenamed = onStatement('RenameStmt', ({ body, ...at }) => {
  if (!body.renameType || harmless.includes(body.renameType)) return undefined
  const isSchema = body.renameType === 'OBJECT_SCHEMA'
  const name = body.relation
    ? relationName(body.relation)
    : isSchema
      ? (body.subname ?? '')
      : objectName(body.object)
  const kind = isSchema ? 'schema' : types.includes(body.renameType) ? 'type' : 'relation'
  return isCreated(at, name, kind)
    ? undefined
    : `${name}: running programs still ask for this name, not for ${body.newname}.`
})

const findMoved = onStatement('AlterObjectSchemaStmt', ({ body, ...at }) => {
  const name = body.relation ? relationName(body.relation) : objectName(body.object)
  const kind = body.objectType && types.includes(body.objectType) ? 'type' : 'relation'
  return isCreated(at, name, kind)
    ? undefined
    : `${name}: running programs look for it where it was, not in schema ${body.newschema}.`
})

const findRenamedValue = onStatement('AlterEnumStmt', ({ body, ...at }) => {
  const name = qualify(stringsOf(body.typeName))
  return body.oldVal && !isCreated(at, name, 'type')
    ? `${name}: running programs still write '${body.oldVal}', not '${body.newVal}'.`
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
ALTER INDEX orders_idx RENAME TO orders_customer_idx;

-- migrate:down
ALTER INDEX orders_customer_idx RENAME TO orders_idx;
DROP FUNCTION net_total(numeric);
`,
  find: (file: LintedFile): Found[] => [...findRenamed(file), ...findMoved(file), ...findRenamedValue(file)],
}

export const renameRules: readonly Rule[] = [column, table, object]
