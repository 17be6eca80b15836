import type { ColumnDef, Node } from 'libpg-query'
import { columnConstraint, columnType, relationName, stringsOf } from '../../ast.ts'
import { columnsAdded, onAnyTable, onUsedTable } from '../../on-alter-table.ts'
import { type Found, type LintedFile, onStatement, type Rule } from '../../rule.ts'

type NewColumn = { column: ColumnDef; name: string; isKey: boolean }

const columnsOf = (elements: readonly Node[] | undefined): ColumnDef[] =>
  (elements ?? []).flatMap((node) => ('ColumnDef' in node ? [node.ColumnDef] : []))

const keysOf = (elements: readonly Node[] | undefined): string[] =>
  (elements ?? []).flatMap((node) =>
    'Constraint' in node && node.Constraint.contype === 'CONSTR_PRIMARY'
      ? stringsOf(node.Constraint.keys)
      : [],
  )

const isPrimary = (column: ColumnDef): boolean => columnConstraint(column, 'CONSTR_PRIMARY') !== undefined

/**
 * A rule's `find` for each new column, also of a new table: a type is cheap to choose only before there are rows.
 */
const onNewColumn = (check: (column: NewColumn) => string | undefined) => {
  const findInTables = onStatement('CreateStmt', ({ body }) => {
    const keys = keysOf(body.tableElts)
    return columnsOf(body.tableElts).flatMap((column) => {
      const name = `${relationName(body.relation)}.${column.colname}`
      return check({ column, name, isKey: isPrimary(column) || keys.includes(column.colname ?? '') }) ?? []
    })
  })
  const findAdded = columnsAdded(onAnyTable)(({ column, name }) =>
    check({ column, name, isKey: isPrimary(column) }),
  )
  return (file: LintedFile): Found[] => [...findInTables(file), ...findAdded(file)]
}

const charField: Rule = {
  id: 'ban-char-field',
  level: 'warning',
  why: 'char(n) pads every value with spaces and ignores them in comparisons but not in LIKE, length() or the program that reads them; turning it into text later rewrites the table.',
  fix: 'text, with a CHECK of its length where that matters.',
  bad: `-- migrate:up
CREATE TABLE countries (code char(2) NOT NULL); -- ✗

-- migrate:down
DROP TABLE countries;
`,
  good: `-- migrate:up
CREATE TABLE countries (code text NOT NULL CHECK (length(code) = 2));

-- migrate:down
DROP TABLE countries;
`,
  find: onNewColumn(({ column, name }) =>
    columnType(column.typeName).name === 'bpchar'
      ? `${name}: char(n) pads with spaces; text does not`
      : undefined,
  ),
}

const timestampField: Rule = {
  id: 'prefer-timestamptz',
  level: 'warning',
  why: "timestamp without time zone says no moment: what it means depends on who wrote it, and converting it later rewrites the table and needs to know every writer's zone.",
  fix: 'timestamptz: it stores the moment, in as many bytes.',
  bad: `-- migrate:up
CREATE TABLE visits (seen_at timestamp NOT NULL); -- ✗

-- migrate:down
DROP TABLE visits;
`,
  good: `-- migrate:up
CREATE TABLE visits (seen_at timestamptz NOT NULL);

-- migrate:down
DROP TABLE visits;
`,
  find: onNewColumn(({ column, name }) =>
    columnType(column.typeName).name === 'timestamp'
      ? `${name}: timestamp without time zone says no moment; timestamptz does`
      : undefined,
  ),
}

const narrow: readonly string[] = ['int2', 'int4', 'smallserial', 'serial2', 'serial', 'serial4']

const narrowKey: Rule = {
  id: 'prefer-bigint-over-int',
  level: 'warning',
  why: 'A 32-bit key ends at 2,147,483,647, gaps included: then every INSERT fails, and widening it rewrites the table and each that refers to it under an ACCESS EXCLUSIVE lock. Only primary keys, serial and identity columns are looked at.',
  fix: 'bigint GENERATED ALWAYS AS IDENTITY (or bigserial, or uuid).',
  bad: `-- migrate:up
CREATE TABLE visits (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY); -- ✗

-- migrate:down
DROP TABLE visits;
`,
  good: `-- migrate:up
CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, year integer NOT NULL);

-- migrate:down
DROP TABLE visits;
`,
  find: onNewColumn(({ column, name, isKey }) => {
    const type = columnType(column.typeName)
    const counts = isKey || type.name.includes('serial') || columnConstraint(column, 'CONSTR_IDENTITY')
    return counts && narrow.includes(type.name) && !type.array
      ? `${name}: a key of ${type.name} runs out of numbers; bigint does not`
      : undefined
  }),
}

const jsonField: Rule = {
  id: 'adding-json-field',
  level: 'warning',
  why: 'json has no equality: a SELECT DISTINCT, GROUP BY or UNION over all columns of the table, which worked until then, fails as soon as the column is there.',
  fix: 'jsonb.',
  bad: `-- migrate:up
ALTER TABLE orders ADD COLUMN payload json; -- ✗

-- migrate:down
ALTER TABLE orders DROP COLUMN payload;
`,
  good: `-- migrate:up
ALTER TABLE orders ADD COLUMN payload jsonb;

-- migrate:down
ALTER TABLE orders DROP COLUMN payload;
`,
  find: columnsAdded(onUsedTable)(({ column, name }) =>
    columnType(column.typeName).name === 'json'
      ? `${name}: json has no equality, so DISTINCT queries on the table fail; jsonb has`
      : undefined,
  ),
}

export const columnChoiceRules: readonly Rule[] = [charField, timestampField, narrowKey, jsonField]
