import type { AlterTableCmd } from 'libpg-query'
import { type ColumnType, columnOf, columnType, relationName, stringsOf, typeText } from '../../ast.ts'
import { columnTypeAt } from '../../known.ts'
import { type Altered, commandsOf, onAlterTable } from '../../on-alter-table.ts'
import type { Rule } from '../../rule.ts'
import { rewritesTable } from '../../type-change.ts'

/** The type that the down section gives the column back, or else that it is known to have. */
const findFormerType = ({ file, index, table, command }: Altered): ColumnType | undefined => {
  const back = file.down
    .flatMap(({ node }) =>
      'AlterTableStmt' in node && relationName(node.AlterTableStmt.relation) === table
        ? commandsOf(node.AlterTableStmt)
        : [],
    )
    .find(({ subtype, name }) => subtype === 'AT_AlterColumnType' && name === command.name)
  return back ? columnType(columnOf(back).typeName) : columnTypeAt({ file, index }, table, command.name ?? '')
}

/** USING with the column itself, bare or cast, changes nothing about how Postgres goes about it. */
const isPlain = (command: AlterTableCmd): boolean => {
  const { raw_default: using, collClause } = columnOf(command)
  const value = using && 'TypeCast' in using ? using.TypeCast.arg : using
  const same = value && 'ColumnRef' in value && stringsOf(value.ColumnRef.fields).join() === command.name
  return !collClause && (!using || same === true)
}

const findRewrite = (altered: Altered): string | undefined => {
  const name = `${altered.table}.${altered.command.name}`
  const to = columnType(columnOf(altered.command).typeName)
  const from = findFormerType(altered)
  if (!from)
    return `${name}: changing the type to ${typeText(to)} rewrites the table, unless the type before makes it safe; the down section does not say which that was`
  return rewritesTable(from, to) || !isPlain(altered.command)
    ? `${name}: changing ${typeText(from)} to ${typeText(to)} rewrites the table and its indexes, or reads every row, under an exclusive lock`
    : undefined
}

const changingType: Rule = {
  id: 'changing-column-type',
  level: 'warning',
  why: 'Most changes of a type rewrite the table and all its indexes under an ACCESS EXCLUSIVE lock: nobody can read or write it meanwhile. Safe are a longer varchar, varchar to text, a larger numeric of the same scale, a finer timestamp, cidr to inet. What the type was is read from the down section.',
  fix: 'Add a column of the new type, keep both filled by a trigger, fill the old rows in batches, release programs that use the new one, and drop the old one. Where the change is safe, let the down section change the type back.',
  bad: `-- migrate:up
ALTER TABLE orders ALTER COLUMN id TYPE bigint; -- ✗

-- migrate:down
ALTER TABLE orders ALTER COLUMN id TYPE integer;
`,
  good: `-- migrate:up
ALTER TABLE orders ALTER COLUMN note TYPE text;

-- migrate:down
ALTER TABLE orders ALTER COLUMN note TYPE varchar(200);
`,
  find: onAlterTable(['AT_AlterColumnType'], findRewrite),
}

export const columnTypeRules: readonly Rule[] = [changingType]
