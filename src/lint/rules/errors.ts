import type { Rule } from '../rule.ts'
import { clusterWide } from './errors/cluster-wide.ts'
import { copyStdin } from './errors/copy-stdin.ts'
import { duplicateColumn } from './errors/duplicate-column.ts'
import { leakedRole } from './errors/leaked-role.ts'
import { literalDatabase } from './errors/literal-database.ts'
import { newEnumValue } from './errors/new-enum-value.ts'
import { notInTransaction } from './errors/not-in-transaction.ts'
import { ownTransaction } from './errors/own-transaction.ts'
import { psqlCommand } from './errors/psql-command.ts'
import { severalWithoutTransaction } from './errors/several-without-transaction.ts'
import { syntax } from './errors/syntax.ts'
import { writesVersions } from './errors/writes-versions.ts'

/** What stops a run before anything is touched. */
export const errorRules: readonly Rule[] = [
  syntax,
  psqlCommand,
  copyStdin,
  ownTransaction,
  severalWithoutTransaction,
  notInTransaction,
  newEnumValue,
  duplicateColumn,
  leakedRole,
  writesVersions,
  clusterWide,
  literalDatabase,
]
