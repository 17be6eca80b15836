import type { MergeWhenClause, Node } from 'libpg-query'
import { findNodes, stringsOf } from '../../ast.ts'
import type { Statement } from '../../parse.ts'
import { inSections, type Rule } from '../../rule.ts'

/** Columns by name; `part`: a subscript or a field of it, of which there may be several. */
type Column = { name: string; part: boolean }

const targets = (nodes: readonly Node[] = []): Column[] =>
  nodes.flatMap((node) =>
    'ResTarget' in node
      ? [{ name: node.ResTarget.name ?? '', part: (node.ResTarget.indirection ?? []).length > 0 }]
      : [],
  )

const names = (nodes: readonly Node[] = []): Column[] =>
  stringsOf(nodes).map((name) => ({ name, part: false }))

const merged = ({ targetList }: MergeWhenClause): Column[] => targets(targetList)

/** Every list of columns in a statement in which each may stand once. */
const listsIn = ({ node }: Statement): Column[][] => [
  ...findNodes('UpdateStmt', node).map(({ targetList }) => targets(targetList)),
  ...findNodes('InsertStmt', node).flatMap(({ cols, onConflictClause }) => [
    targets(cols),
    targets(onConflictClause?.targetList),
  ]),
  ...findNodes('MergeWhenClause', node).map(merged),
  ...('ViewStmt' in node ? [names(node.ViewStmt.aliases)] : []),
  ...('CreateTableAsStmt' in node ? [names(node.CreateTableAsStmt.into?.colNames)] : []),
  ...('CreateStmt' in node
    ? [
        findNodes('ColumnDef', node.CreateStmt.tableElts).map(({ colname = '' }) => ({
          name: colname,
          part: false,
        })),
      ]
    : []),
]

const twice = (columns: readonly Column[]): string[] => {
  const byName = Map.groupBy(columns, ({ name }) => name)
  return [...byName]
    .filter(([, same]) => same.length > 1 && same.some(({ part }) => !part))
    .map(([name]) => name)
}

export const duplicateColumn: Rule = {
  id: 'ban-duplicate-column-assignments',
  level: 'error',
  why: 'Postgres refuses a statement that gives a column twice (42601, 42701): the file can never apply.',
  fix: 'Leave one of them out. Fields and elements of one column (place.x, tags[1]) may stand side by side.',
  bad: `-- migrate:up
UPDATE orders SET status = 'new', total = 0, status = 'open' WHERE id = 1; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
UPDATE orders SET status = 'open', total = 0 WHERE id = 1;

-- migrate:down
`,
  find: inSections(({ statements }) =>
    statements.flatMap((statement) => {
      const { line, column } = statement
      return listsIn(statement)
        .flatMap(twice)
        .map((name) => ({ line, column, message: `${name}: given twice in one statement` }))
    }),
  ),
}
