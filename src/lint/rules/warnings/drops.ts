import type { ObjectType } from 'libpg-query'
import { objectName, relationName } from '../../ast.ts'
import { isAbsent, isVacant } from '../../known.ts'
import { onAlterTable } from '../../on-alter-table.ts'
import { type LintedFile, onStatement, type Rule } from '../../rule.ts'

const views: readonly ObjectType[] = ['OBJECT_VIEW', 'OBJECT_MATVIEW']
const tables: readonly ObjectType[] = ['OBJECT_TABLE', 'OBJECT_FOREIGN_TABLE', ...views]

/** A view that the file makes again is replaced, not lost. */
const isReplaced = (file: LintedFile, index: number, name: string): boolean =>
  file.up
    .slice(index + 1)
    .some(
      ({ node }) =>
        ('ViewStmt' in node && relationName(node.ViewStmt.view) === name) ||
        ('CreateTableAsStmt' in node && relationName(node.CreateTableAsStmt.into?.rel) === name),
    )

const dropColumn: Rule = {
  id: 'ban-drop-column',
  level: 'warning',
  why: 'The data is gone at once, and programs that are running fail on every query that names the column (many name all of them) until they are replaced.',
  fix: 'Release programs that no longer name it, then drop it in a later file and say so with `-- po-migrate:ignore`.',
  bad: `-- migrate:up
ALTER TABLE orders DROP COLUMN note; -- ✗

-- migrate:down
ALTER TABLE orders ADD COLUMN note text;
`,
  good: `-- migrate:up
COMMENT ON COLUMN orders.note IS 'Unused since release 12';

-- migrate:down
COMMENT ON COLUMN orders.note IS NULL;
`,
  find: onAlterTable(
    ['AT_DropColumn'],
    ({ command, table }) => `${table}.${command.name}: its data is lost, and running programs still name it`,
  ),
}

const dropTable: Rule = {
  id: 'ban-drop-table',
  level: 'warning',
  why: "A dropped table's data is gone at once, and programs that are running fail on every query of the table or view until they are replaced.",
  fix: 'Release programs that no longer use it, then drop it in a later file and say so with `-- po-migrate:ignore`. A view that the same file creates again is not meant.',
  bad: `-- migrate:up
DROP TABLE orders; -- ✗
DROP VIEW purchases; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
DROP VIEW purchases;
CREATE VIEW purchases AS SELECT id FROM orders;

-- migrate:down
`,
  find: onStatement('DropStmt', ({ body, ...at }) =>
    body.removeType && tables.includes(body.removeType)
      ? (body.objects ?? [])
          .map(objectName)
          .filter((name) => !isVacant(at, name) && !isReplaced(at.file, at.index, name))
          .filter((name) => !(body.missing_ok && isAbsent(at, name)))
          .map((name) => `${name}: what it holds is lost, and running programs still ask for it`)
      : undefined,
  ),
}

export const dropRules: readonly Rule[] = [dropColumn, dropTable]
