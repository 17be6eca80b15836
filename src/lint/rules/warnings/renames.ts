import type { ObjectType } from 'libpg-query'
import { relationName } from '../../ast.ts'
import { isCreated } from '../../known.ts'
import { onStatement, type Rule } from '../../rule.ts'

const relations: readonly ObjectType[] = [
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
]
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
      ? `${table}.${body.subname}: running programs still ask for this name, not for ${body.newname}`
      : undefined
  }),
}

const table: Rule = {
  id: 'renaming-table',
  level: 'warning',
  why: 'Programs that are running know the old name of the table or view: each of their queries on it fails from the moment the file is done until they are replaced.',
  fix: 'Leave the name; or rename and, in the same file, CREATE VIEW under the old name (a simple view can be written to), move the programs over, then drop the view; say so with `-- po-migrate:ignore`.',
  bad: `-- migrate:up
ALTER TABLE orders RENAME TO sales; -- ✗

-- migrate:down
ALTER TABLE sales RENAME TO orders;
`,
  good: `-- migrate:up
CREATE VIEW sales AS SELECT * FROM orders;

-- migrate:down
DROP VIEW sales;
`,
  find: onStatement('RenameStmt', ({ body, ...at }) => {
    const name = relationName(body.relation)
    return body.renameType && relations.includes(body.renameType) && !isCreated(at, name)
      ? `${name}: running programs still ask for this name, not for ${body.newname}`
      : undefined
  }),
}

export const renameRules: readonly Rule[] = [column, table]
