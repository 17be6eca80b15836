import type { Node, RangeVar } from 'libpg-query'
import { blankComments } from '../../../model/blank.ts'
import { findNodes, stringsOf } from '../../ast.ts'
import type { Statement } from '../../parse.ts'
import { bodyOf, type Found, inSections, type LintedFile, type Rule } from '../../rule.ts'

type Versions = LintedFile['versions']
type Named = { verb: string; schema: string | undefined; table: string | undefined }

const named = (verb: string, relation: RangeVar | undefined): Named => ({
  verb,
  schema: relation?.schemaname,
  table: relation?.relname,
})

const rangeVars = (nodes: readonly Node[] = []): RangeVar[] =>
  nodes.flatMap((node) => ('RangeVar' in node ? [node.RangeVar] : []))

/** Rows that are written anywhere in a statement: in WITH, in a rule, in a prepared or an explained one. */
const rowsIn = (node: Node): Named[] => [
  ...findNodes('InsertStmt', node).map(({ relation }) => named('INSERT', relation)),
  ...findNodes('UpdateStmt', node).map(({ relation }) => named('UPDATE', relation)),
  ...findNodes('DeleteStmt', node).map(({ relation }) => named('DELETE', relation)),
  ...findNodes('MergeStmt', node).map(({ relation }) => named('MERGE', relation)),
]

const dropped = (statement: Statement): Named[] => {
  const drop = bodyOf(statement, 'DropStmt')
  if (drop?.removeType !== 'OBJECT_TABLE') return []
  return (drop.objects ?? []).map((node) => {
    const [table, schema] = stringsOf('List' in node ? node.List.items : []).toReversed()
    return { verb: 'DROP', schema, table }
  })
}

const wholeTable = (statement: Statement): Named[] => {
  const copy = bodyOf(statement, 'CopyStmt')
  const rename = bodyOf(statement, 'RenameStmt')
  const move = bodyOf(statement, 'AlterObjectSchemaStmt')
  return [
    ...rangeVars(bodyOf(statement, 'TruncateStmt')?.relations).map((table) => named('TRUNCATE', table)),
    ...(copy?.is_from ? [named('COPY', copy.relation)] : []),
    ...(rename?.renameType === 'OBJECT_TABLE' ? [named('RENAME', rename.relation)] : []),
    ...(move ? [named('SET SCHEMA', move.relation)] : []),
    ...dropped(statement),
  ]
}

const writing =
  /\b(insert\s+into|update|delete\s+from|merge\s+into|truncate(?:\s+table)?|drop\s+table(?:\s+if\s+exists)?)\s+(?:only\s+)?(?:("?)([^\s."';]+)\2\s*\.\s*)?("?)([\p{L}_][\p{L}\p{N}_$]*)\4/giu
const identifier = /^[\p{L}_][\p{L}\p{N}_$]*$/u
const firstWord = /^\w+/

/** The text of a DO block or a function: what is written there by name, in strings for EXECUTE, too. */
const inBodies = ({ kind, node }: Statement): Named[] => {
  if (kind !== 'DoStmt' && kind !== 'CreateFunctionStmt') return []
  const texts = findNodes('DefElem', node).flatMap(({ defname, arg }) =>
    defname === 'as' && arg ? stringsOf('List' in arg ? arg.List.items : [arg]) : [],
  )
  return texts.flatMap((text) =>
    [...blankComments(text).matchAll(writing)].map(([, verb = '', , schema, , table]) => ({
      verb: (firstWord.exec(verb)?.[0] ?? '').toUpperCase(),
      // `%I` in a format may be any schema.
      schema: schema !== undefined && identifier.test(schema) ? schema : undefined,
      table,
    })),
  )
}

/** A name without a schema is the table of versions in most sessions; another schema's namesake is another's. */
const isVersions = ({ schema, table }: Named, versions: Versions): boolean =>
  table === versions.table && (schema === undefined || schema === versions.schema)

const writesOf = (statement: Statement, versions: Versions): Named | undefined =>
  [...rowsIn(statement.node), ...wholeTable(statement), ...inBodies(statement)].find((written) =>
    isVersions(written, versions),
  )

export const writesVersions: Rule = {
  id: 'writes-versions',
  level: 'error',
  why: "What stands in dbmate's table of versions counts as applied: a row that a file writes there makes another file applied that never ran, and one that it deletes makes a file run twice. Where it is ignored, the run still stops before the next file, since the versions are not those that its plan saw.",
  fix: 'Leave the table to dbmate. A file that must not run any more is deleted or emptied; a file that ran elsewhere is recorded by hand, outside the migrations.',
  bad: `-- migrate:up
CREATE TABLE guides (id bigint PRIMARY KEY);
INSERT INTO schema_migrations (version) VALUES ('00002'); -- ✗

-- migrate:down
DROP TABLE guides;
`,
  good: `-- migrate:up
CREATE TABLE guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE guides;
`,
  find: (file) =>
    inSections(({ statements }): Found[] =>
      statements.flatMap((statement) => {
        const written = writesOf(statement, file.versions)
        if (!written) return []
        const { line, column } = statement
        const message = `${written.verb} of ${file.versions.table}, dbmate's table of versions: what stands there counts as applied`
        return [{ line, column, message }]
      }),
    )(file),
}
