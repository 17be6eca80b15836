import type { DefElem, Node } from 'libpg-query'
import type { Statement } from './parse.ts'
import { bodyOf } from './rule.ts'

type Bar = (statement: Statement, before: readonly Statement[]) => string | false | undefined

const no = new Set(['false', 'off', '0', 'none'])

const optionOf = (options: readonly Node[] = [], name: string): DefElem | undefined =>
  options.flatMap((node) => ('DefElem' in node ? [node.DefElem] : [])).find(({ defname }) => defname === name)

/** `(create_slot = false)`, `(slot_name = NONE)`: an option that is turned off in words. */
const isOff = (options: readonly Node[] | undefined, name: string): boolean => {
  const value = optionOf(options, name)?.arg
  if (!value) return false
  const text =
    'String' in value ? value.String.sval : 'Integer' in value ? String(value.Integer.ival ?? 0) : ''
  return no.has((text ?? '').toLowerCase())
}

const indexes: Bar = (statement) => {
  const drop = bodyOf(statement, 'DropStmt')
  const reindex = bodyOf(statement, 'ReindexStmt')
  if (bodyOf(statement, 'IndexStmt')?.concurrent) return 'CREATE INDEX CONCURRENTLY'
  if (drop?.concurrent) return 'DROP INDEX CONCURRENTLY'
  if (!reindex) return undefined
  if (optionOf(reindex.params, 'concurrently')) return 'REINDEX CONCURRENTLY'
  return (
    (reindex.kind === 'REINDEX_OBJECT_SCHEMA' ||
      reindex.kind === 'REINDEX_OBJECT_DATABASE' ||
      reindex.kind === 'REINDEX_OBJECT_SYSTEM') &&
    'REINDEX of more than one table'
  )
}

const tables: Bar = (statement) => {
  if (bodyOf(statement, 'VacuumStmt')?.is_vacuumcmd) return 'VACUUM'
  const cluster = bodyOf(statement, 'ClusterStmt')
  if (cluster && !cluster.relation) return 'CLUSTER of every table'
  const commands = bodyOf(statement, 'AlterTableStmt')?.cmds ?? []
  const detaches = commands.some((node) => {
    if (!('AlterTableCmd' in node) || node.AlterTableCmd.subtype !== 'AT_DetachPartition') return false
    const { def } = node.AlterTableCmd
    return def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.concurrent
  })
  return detaches && 'DETACH PARTITION CONCURRENTLY'
}

const wholeCluster: Bar = (statement) => {
  const { kind } = statement
  if (kind === 'CreatedbStmt') return 'CREATE DATABASE'
  if (kind === 'DropdbStmt') return 'DROP DATABASE'
  if (kind === 'AlterSystemStmt') return 'ALTER SYSTEM'
  if (kind === 'CreateTableSpaceStmt') return 'CREATE TABLESPACE'
  if (kind === 'DropTableSpaceStmt') return 'DROP TABLESPACE'
  if (bodyOf(statement, 'DiscardStmt')?.target === 'DISCARD_ALL') return 'DISCARD ALL'
  return (
    optionOf(bodyOf(statement, 'AlterDatabaseStmt')?.options, 'tablespace') &&
    'ALTER DATABASE … SET TABLESPACE'
  )
}

const publications = new Set([
  'ALTER_SUBSCRIPTION_SET_PUBLICATION',
  'ALTER_SUBSCRIPTION_ADD_PUBLICATION',
  'ALTER_SUBSCRIPTION_DROP_PUBLICATION',
])

const losesSlot = (statement: Statement, subname: string | undefined): boolean => {
  const alter = bodyOf(statement, 'AlterSubscriptionStmt')
  return alter?.subname === subname && isOff(alter?.options, 'slot_name')
}

/** Whatever makes, drops or reads a replication slot on the other server. */
const subscriptions: Bar = (statement, before) => {
  const create = bodyOf(statement, 'CreateSubscriptionStmt')
  const alter = bodyOf(statement, 'AlterSubscriptionStmt')
  const drop = bodyOf(statement, 'DropSubscriptionStmt')
  if (create)
    return (
      !isOff(create.options, 'create_slot') &&
      !isOff(create.options, 'connect') &&
      'CREATE SUBSCRIPTION with a slot'
    )
  if (drop)
    return !before.some((earlier) => losesSlot(earlier, drop.subname)) && 'DROP SUBSCRIPTION with its slot'
  if (alter?.kind === 'ALTER_SUBSCRIPTION_REFRESH') return 'ALTER SUBSCRIPTION … REFRESH'
  return (
    publications.has(alter?.kind ?? '') &&
    !isOff(alter?.options, 'refresh') &&
    'ALTER SUBSCRIPTION … with a refresh'
  )
}

const bars = [indexes, tables, wholeCluster, subscriptions]

/** What Postgres does not run inside a transaction block, by name (`PreventInTransactionBlock` in its source). */
export const barredFromTransaction = (
  statement: Statement,
  before: readonly Statement[],
): string | undefined => {
  for (const bar of bars) {
    const name = bar(statement, before)
    if (name) return name
  }
  return undefined
}
