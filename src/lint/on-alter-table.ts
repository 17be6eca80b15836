import type { AlterTableCmd, AlterTableType, ColumnDef } from 'libpg-query'
import { columnOf, relationName } from './ast.ts'
import { isCreated } from './created.ts'
import type { Checked } from './rule.ts'
import { type Found, type LintedFile, onStatement } from './rule.ts'

/** One subcommand of an ALTER TABLE on a table that the file did not make itself. */
export type Altered = Omit<Checked<'AlterTableStmt'>, 'body'> & { table: string; command: AlterTableCmd }

export type Added = Altered & { column: ColumnDef; name: string }

type Check<T> = (checked: T) => string | undefined

export const commandsOf = (body: { cmds?: Checked<'AlterTableStmt'>['body']['cmds'] }): AlterTableCmd[] =>
  (body.cmds ?? []).flatMap((node) => ('AlterTableCmd' in node ? [node.AlterTableCmd] : []))

/** A rule's `find` for subcommands of these types. */
export const onAlterTable = (
  types: readonly AlterTableType[],
  check: Check<Altered>,
): ((file: LintedFile) => Found[]) =>
  onStatement('AlterTableStmt', ({ body, ...at }) => {
    const table = relationName(body.relation)
    if (body.objtype !== 'OBJECT_TABLE' || isCreated(at, table)) return undefined
    return commandsOf(body)
      .filter((command) => command.subtype && types.includes(command.subtype))
      .flatMap((command) => check({ ...at, table, command }) ?? [])
  })

/** A rule's `find` for columns that a table gets later; `name` is `table.column`. */
export const onAddedColumn = (check: Check<Added>): ((file: LintedFile) => Found[]) =>
  onAlterTable(['AT_AddColumn'], (altered) => {
    const column = columnOf(altered.command)
    return check({ ...altered, column, name: `${altered.table}.${column.colname}` })
  })
