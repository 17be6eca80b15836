import type { AlterTableCmd, AlterTableType, ColumnDef } from 'libpg-query'
import { columnOf, relationName } from './ast.ts'
import { type At, isCreated, isVacant } from './known.ts'
import type { Checked } from './rule.ts'
import { type Found, type LintedFile, onStatement } from './rule.ts'

/** One subcommand of an ALTER TABLE. */
export type Altered = Omit<Checked<'AlterTableStmt'>, 'body'> & { table: string; command: AlterTableCmd }

export type Added = Altered & { column: ColumnDef; name: string }

type Check<T> = (checked: T) => string | undefined
type Find = (file: LintedFile) => Found[]

export const commandsOf = (body: { cmds?: Checked<'AlterTableStmt'>['body']['cmds'] }): AlterTableCmd[] =>
  (body.cmds ?? []).flatMap((node) => ('AlterTableCmd' in node ? [node.AlterTableCmd] : []))

const onTable =
  (isExempt: (at: At, table: string) => boolean) =>
  (types: readonly AlterTableType[], check: Check<Altered>): Find =>
    onStatement('AlterTableStmt', ({ body, ...at }) => {
      const table = relationName(body.relation)
      if (body.objtype !== 'OBJECT_TABLE' || isExempt(at, table)) return undefined
      return commandsOf(body)
        .filter((command) => command.subtype && types.includes(command.subtype))
        .flatMap((command) => check({ ...at, table, command }) ?? [])
    })

/** A rule's `find` for subcommands of these types on a table that has rows: they wait for a lock, or are lost. */
export const onAlterTable = onTable(isVacant)

/** The same on a table that programs know, with rows or without. */
export const onUsedTable = onTable(isCreated)

/** The same on every table. */
export const onAnyTable = onTable(() => false)

/** A rule's `find` for columns that such a table gets later; `name` is `table.column`. */
export const columnsAdded =
  (on: ReturnType<typeof onTable>) =>
  (check: Check<Added>): Find =>
    on(['AT_AddColumn'], (altered) => {
      const column = columnOf(altered.command)
      return check({ ...altered, column, name: `${altered.table}.${column.colname}` })
    })

/** A rule's `find` for columns that a table with rows gets. */
export const onAddedColumn = columnsAdded(onAlterTable)
