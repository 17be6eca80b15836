import type { ObjectType } from 'libpg-query'
import { objectName } from '../../ast.ts'
import { isAbsent, isCreated } from '../../known.ts'
import { onUsedTable } from '../../on-alter-table.ts'
import { type Found, type LintedFile, onStatement, type Rule } from '../../rule.ts'
import type { ThingKind } from '../../things.ts'

const inView: readonly ObjectType[] = [
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_INDEX',
  'OBJECT_SEQUENCE',
  'OBJECT_SCHEMA',
  'OBJECT_EXTENSION',
]

const kindOf = (type: ObjectType | undefined): ThingKind => {
  if (type === 'OBJECT_SCHEMA') return 'schema'
  if (type === 'OBJECT_EXTENSION') return 'extension'
  return type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN' ? 'type' : 'relation'
}

/** Functions, triggers and the like are not kept in view. */
const isDroppable = (type: ObjectType | undefined): boolean => type !== undefined && inView.includes(type)

const dropSchema: Rule = {
  id: 'ban-drop-schema',
  level: 'warning',
  why: 'A schema goes with its name: programs that say it, or have it in their search_path, fail; with CASCADE all its tables and their data go, too.',
  fix: 'Release programs that no longer use it, then drop it in a later file, without CASCADE, and say so with `-- po-migrate:ignore`.',
  bad: `-- migrate:up
DROP SCHEMA archive; -- ✗

-- migrate:down
CREATE SCHEMA archive;
`,
  good: `-- migrate:up
CREATE SCHEMA reports;

-- migrate:down
DROP SCHEMA reports;
`,
  find: onStatement('DropStmt', ({ body, ...at }) =>
    body.removeType === 'OBJECT_SCHEMA'
      ? (body.objects ?? [])
          .map(objectName)
          .filter((name) => !isCreated(at, name, 'schema'))
          .filter((name) => !(body.missing_ok && isAbsent(at, name, 'schema')))
          .map((name) => `${name}: dropping the schema takes away every name in it`)
      : undefined,
  ),
}

const dropExtension: Rule = {
  id: 'ban-drop-extension',
  level: 'warning',
  why: 'Its functions, operators and types go: programs that use them fail, and with CASCADE the columns of its types and their data go, too.',
  fix: 'Release programs that no longer use it, then drop it in a later file, without CASCADE, and say so with `-- po-migrate:ignore`.',
  bad: `-- migrate:up
DROP EXTENSION pg_trgm; -- ✗

-- migrate:down
CREATE EXTENSION pg_trgm;
`,
  good: `-- migrate:up
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- migrate:down
DROP EXTENSION pg_trgm;
`,
  find: onStatement('DropStmt', ({ body, ...at }) =>
    body.removeType === 'OBJECT_EXTENSION'
      ? (body.objects ?? [])
          .map(objectName)
          .filter((name) => !isCreated(at, name, 'extension'))
          .filter((name) => !(body.missing_ok && isAbsent(at, name, 'extension')))
          .map((name) => `${name}: its functions and types go, and running programs may use them`)
      : undefined,
  ),
}

const findCascade = onStatement('DropStmt', ({ body, ...at }) =>
  body.behavior === 'DROP_CASCADE'
    ? (body.objects ?? [])
        .map(objectName)
        .filter((name) => !isCreated(at, name, kindOf(body.removeType)))
        .filter(
          (name) =>
            !(body.missing_ok && isDroppable(body.removeType) && isAbsent(at, name, kindOf(body.removeType))),
        )
        .map((name) => `${name}: CASCADE drops everything that depends on it, named nowhere in this file`)
    : undefined,
)

const findAlterCascade = onUsedTable(['AT_DropColumn', 'AT_DropConstraint'], ({ command, table }) =>
  command.behavior === 'DROP_CASCADE'
    ? `${table}: dropping ${command.name} with CASCADE drops everything that depends on it, named nowhere in this file`
    : undefined,
)

const dropCascade: Rule = {
  id: 'ban-drop-cascade',
  level: 'warning',
  why: 'CASCADE drops what depends on the object: views, foreign keys, columns of the type, defaults. What that is differs from database to database, and no review sees it.',
  fix: 'Name each dependent object in a DROP of its own, in order; without CASCADE Postgres lists what is missing and changes nothing.',
  bad: `-- migrate:up
DROP FUNCTION stamp() CASCADE; -- ✗
ALTER TABLE orders DROP CONSTRAINT orders_pkey CASCADE; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
DROP TRIGGER orders_stamp ON orders;
DROP FUNCTION stamp();

-- migrate:down
`,
  find: (file: LintedFile): Found[] => [...findCascade(file), ...findAlterCascade(file)],
}

export const cascadeRules: readonly Rule[] = [dropSchema, dropExtension, dropCascade]
