import type { Constraint } from 'libpg-query'
import { constraintOf, relationName, stringsOf } from './ast.ts'
import { commandsOf } from './on-alter-table.ts'
import type { LintedFile } from './rule.ts'

export type Proven = { file: LintedFile; index: number; table: string }

type Step = { index: number; subtype: string | undefined; name: string | undefined; constraint: Constraint }

/** What the file does to the constraints of one table. */
const stepsOn = (file: LintedFile, table: string): Step[] =>
  file.up.flatMap(({ node }, index) =>
    'AlterTableStmt' in node && relationName(node.AlterTableStmt.relation) === table
      ? commandsOf(node.AlterTableStmt).map((command) => {
          const constraint = constraintOf(command)
          return { index, subtype: command.subtype, name: command.name ?? constraint.conname, constraint }
        })
      : [],
  )

/**
 * Whether the file shows that a validated CHECK spares Postgres the scan at this statement: an earlier statement
 * validates one of the table's, or a later one drops one that has done its duty. One that the file itself adds must
 * fit. Within one statement neither counts: Postgres drops first and validates last.
 */
export const hasProof = (
  { file, index, table }: Proven,
  fits: (check: Constraint) => boolean = () => true,
): boolean => {
  const steps = stepsOn(file, table)
  const isFitting = (name: string | undefined): boolean =>
    steps.every((step) => step.subtype !== 'AT_AddConstraint' || step.name !== name || fits(step.constraint))
  return steps.some(
    (step) =>
      ((step.subtype === 'AT_ValidateConstraint' && step.index < index) ||
        (step.subtype === 'AT_DropConstraint' && step.index > index)) &&
      isFitting(step.name),
  )
}

/** `CHECK (column IS NOT NULL)`. */
export const checksNotNull =
  (column: string | undefined) =>
  ({ contype, raw_expr: expression }: Constraint): boolean => {
    if (contype !== 'CONSTR_CHECK' || !expression || !('NullTest' in expression)) return false
    const { nulltesttype, arg } = expression.NullTest
    const field = arg && 'ColumnRef' in arg ? stringsOf(arg.ColumnRef.fields).at(-1) : undefined
    return nulltesttype === 'IS_NOT_NULL' && field === column
  }
