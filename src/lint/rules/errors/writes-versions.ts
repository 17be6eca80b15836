import type { Node, RangeVar } from 'libpg-query'
import { blankComments } from '../../../model/blank.ts'
import { bodyTexts, findNodes, stringsOf } from '../../ast.ts'
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

const droppable = new Set(['OBJECT_TABLE', 'OBJECT_COLUMN'])

const dropped = (statement: Statement): Named[] => {
  const drop = bodyOf(statement, 'DropStmt')
  if (!droppable.has(drop?.removeType ?? '')) return []
  return (drop?.objects ?? []).map((node) => {
    const [table, schema] = stringsOf('List' in node ? node.List.items : []).toReversed()
    return { verb: 'DROP', schema, table }
  })
}

/** With other columns, or other rows in sight, dbmate records or finds something else; an owner or a comment changes nothing. */
const reshaping = new Set([
  'AT_AlterColumnType',
  'AT_DropColumn',
  'AT_EnableRowSecurity',
  'AT_ForceRowSecurity',
])

/** What changes how rows get there: its columns, a rule, a trigger, a table that inherits. */
const shaped = (statement: Statement): Named[] => {
  const rename = bodyOf(statement, 'RenameStmt')
  return [
    ...findNodes('AlterTableStmt', statement.node).flatMap(({ relation, cmds = [] }) =>
      findNodes('AlterTableCmd', cmds).flatMap(({ subtype, def }) => {
        if (reshaping.has(subtype ?? '')) return [named('ALTER', relation)]
        return subtype === 'AT_AddInherit' && def && 'RangeVar' in def ? [named('INHERIT', def.RangeVar)] : []
      }),
    ),
    ...(rename?.renameType === 'OBJECT_COLUMN' ? [named('RENAME of a column', rename.relation)] : []),
    ...findNodes('CreateTrigStmt', statement.node).map(({ relation }) => named('a trigger', relation)),
    ...findNodes('RuleStmt', statement.node).map(({ relation }) => named('a rule', relation)),
    ...findNodes('CreateStmt', statement.node).flatMap(({ inhRelations }) =>
      rangeVars(inhRelations).map((parent) => named('INHERIT', parent)),
    ),
  ]
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
  /\b(insert\s+into|update|delete\s+from|merge\s+into|truncate(?:\s+table)?|copy|(?:alter|drop)\s+table(?:\s+if\s+exists)?)\s+(?:only\s+)?(?:("?)([^\s."';]+)\2\s*\.\s*)?("?)([\p{L}_][\p{L}\p{N}_$]*)\4/giu
const identifier = /^[\p{L}_][\p{L}\p{N}_$]*$/u
const firstWord = /^\w+/
/** `format('insert into %I …')`, `'insert into ' || …`: what is written is named elsewhere. */
const writingSomething =
  /\b(insert\s+into|update|delete\s+from|truncate|(?:alter|drop)\s+table(?:\s+if\s+exists)?)\s+(?:only\s+)?(?:[\w".]*%|'+\s*\|\|)/giu

/** A name that stands in a literal by itself, with its schema or without. */
const literalNames = (text: string): Named[] =>
  [...text.matchAll(/'(?:("?)([^\s."';]+)\1\.)?("?)([\p{L}_][\p{L}\p{N}_$]*)\3'/gu)].map(
    ([, , schema, , table]) => ({ verb: '', schema, table }),
  )

/** `tablename <> 'a'`, `not in ('a', 'b')`: what a loop over tables leaves alone. */
const leftAlone =
  /(?:<>|!=|!~\*?|\bdistinct\s+from|\bnot\s+i?like)\s*'[^']*'|(?:<>\s*all|\bnot\s+in)\s*\([^()]*\)/giu

const copiesOut = /^\s*(?:\([^)]*\)\s*)?to\b/i
const givesAway = /^[^\s']*\s+owner\s+to\b/i

/** A copy to a file reads the table, and another owner changes nothing of it. */
const isHarmless = (text: string, { 0: all, 1: verb = '', index }: RegExpExecArray): boolean => {
  const rest = text.slice(index + all.length)
  const word = firstWord.exec(verb)?.[0]?.toLowerCase()
  return (word === 'copy' && copiesOut.test(rest)) || (word === 'alter' && givesAway.test(rest))
}

/** Where a body writes what a variable or a placeholder names: every name that stands in a literal of it. */
const byPlaceholder = (text: string): Named[] => {
  const first = [...text.matchAll(writingSomething)].find((found) => !isHarmless(text, found))
  const verb = (firstWord.exec(first?.[1] ?? '')?.[0] ?? '').toUpperCase()
  return verb === '' ? [] : literalNames(text.replaceAll(leftAlone, '')).map((one) => ({ ...one, verb }))
}

/** The text of a DO block or a function: what is written there by name, in strings for EXECUTE, too. */
const inBodies = ({ kind, node }: Statement): Named[] => {
  if (kind !== 'DoStmt' && kind !== 'CreateFunctionStmt') return []
  return bodyTexts(node)
    .map(blankComments)
    .flatMap((text) => [
      ...[...text.matchAll(writing)]
        .filter((found) => !isHarmless(text, found))
        .map(([, verb = '', , schema, , table]) => ({
          verb: (firstWord.exec(verb)?.[0] ?? '').toUpperCase(),
          // `%I` in a format may be any schema.
          schema: schema !== undefined && identifier.test(schema) ? schema : undefined,
          table,
        })),
      ...byPlaceholder(text),
    ])
}

/** A name without a schema is the table of versions in most sessions; another schema's namesake is another's. */
const isVersions = ({ schema, table }: Named, versions: Versions): boolean =>
  table === versions.table && (schema === undefined || schema === versions.schema)

const writesOf = (statement: Statement, versions: Versions): Named | undefined =>
  [...rowsIn(statement.node), ...wholeTable(statement), ...shaped(statement), ...inBodies(statement)].find(
    (written) => isVersions(written, versions),
  )

/** What takes away, or renames, the schema in which the table stands. */
const schemaGone = (statement: Statement, { schema }: Versions): string | undefined => {
  const drop = bodyOf(statement, 'DropStmt')
  const rename = bodyOf(statement, 'RenameStmt')
  const isDropped =
    drop?.removeType === 'OBJECT_SCHEMA' &&
    drop.behavior === 'DROP_CASCADE' &&
    stringsOf(drop.objects).includes(schema)
  if (isDropped) return 'DROP'
  return rename?.renameType === 'OBJECT_SCHEMA' && rename.subname === schema ? 'RENAME' : undefined
}

const messageOf = (statement: Statement, versions: Versions): string | undefined => {
  const { schema, table } = versions
  const gone = schemaGone(statement, versions)
  if (gone)
    return `${gone} of ${schema}, where ${table}, dbmate's table of versions, stands: dbmate could not record this file`
  const written = writesOf(statement, versions)
  return (
    written && `${written.verb} of ${table}, dbmate's table of versions: what stands there counts as applied`
  )
}

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
        const message = messageOf(statement, file.versions)
        const { line, column } = statement
        return message === undefined ? [] : [{ line, column, message }]
      }),
    )(file),
}
