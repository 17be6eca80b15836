import type { AlterTableType, Node } from 'libpg-query'
import { findNodes, findRanges, plainName, relationName, stringConstant } from '../../ast.ts'
import { isCreated, isVacant } from '../../known.ts'
import { onUsedTable } from '../../on-alter-table.ts'
import { type Found, type LintedFile, onStatement, type Rule } from '../../rule.ts'

/** SHARE, the weakest that makes writers wait; by number in Postgres' lockdefs.h. */
const share = 5

const explicitLock: Rule = {
  id: 'explicit-lock',
  level: 'warning',
  why: 'LOCK TABLE in SHARE mode or a stronger one (without a mode: ACCESS EXCLUSIVE) makes all writers, or readers, too, wait until the file is done, whatever the rest of it needs.',
  fix: 'Leave it out: each statement takes the lock it needs. To keep two writers apart, pg_advisory_xact_lock or SELECT … FOR UPDATE.',
  bad: `-- migrate:up
LOCK TABLE orders IN SHARE MODE; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
LOCK TABLE orders IN ROW SHARE MODE;

-- migrate:down
`,
  find: onStatement('LockStmt', ({ body, ...at }) =>
    (body.mode ?? 0) < share
      ? undefined
      : (body.relations ?? [])
          .flatMap((node) => ('RangeVar' in node ? [relationName(node.RangeVar)] : []))
          .filter((name) => !isVacant(at, name))
          .map((name) => `${name}: LOCK TABLE makes others wait until the file is done`),
  ),
}

const zeroTime = /^\s*[+-]?0+(\.0*)?\s*(us|ms|s|min|h|d)?\s*$/

const isZero = (node: Node | undefined): boolean => {
  if (!node || !('A_Const' in node)) return false
  const { ival } = node.A_Const
  return ival ? (ival.ival ?? 0) === 0 : zeroTime.test(stringConstant(node) ?? '')
}

/** Whether a file makes tables and touches no other: as dumps do, and nobody waits for those. */
const onlyMakes = (file: LintedFile): boolean => {
  const named = file.up.map(({ node }, index) => ({
    at: { file, index: index + 1 },
    tables: findRanges(node).map(relationName),
  }))
  const tables = named.flatMap((entry) => entry.tables)
  return (
    tables.length > 0 && named.every((entry) => entry.tables.every((table) => isCreated(entry.at, table)))
  )
}

/** Where a file sets a limit of time to 0. */
const findZero = (setting: string, message: string): Rule['find'] => {
  const findSet = onStatement('VariableSetStmt', ({ body }) =>
    body.name === setting && isZero(body.args?.[0]) ? message : undefined,
  )
  const findSetConfig = onStatement('SelectStmt', ({ body }) =>
    findNodes('FuncCall', body)
      .filter(({ funcname, args: [name, value] = [] }) => {
        return plainName(funcname) === 'set_config' && stringConstant(name) === setting && isZero(value)
      })
      .map(() => message),
  )
  return (file) => (onlyMakes(file) ? [] : [...findSet(file), ...findSetConfig(file)])
}

const disabledTimeout: Rule = {
  id: 'require-timeout-settings',
  level: 'warning',
  why: 'Every run starts with a lock_timeout, so that a statement that waits behind a long query gives up instead of making all later queries wait behind itself. This file switches it off.',
  fix: "Leave it out, or set a longer one: SET LOCAL lock_timeout = '30s'. The environment's own is `lock_timeout` in migrate.yaml.",
  bad: `-- migrate:up
SET lock_timeout = 0; -- ✗
ALTER TABLE orders ADD COLUMN channel text;

-- migrate:down
ALTER TABLE orders DROP COLUMN channel;
`,
  good: `-- migrate:up
SET LOCAL lock_timeout = '30s';
ALTER TABLE orders ADD COLUMN channel text;

-- migrate:down
ALTER TABLE orders DROP COLUMN channel;
`,
  find: findZero(
    'lock_timeout',
    'lock_timeout: at 0 this file waits for ever for its locks, and everybody behind it waits with it',
  ),
}

const endlessStatement: Rule = {
  id: 'require-statement-timeout',
  level: 'warning',
  why: 'A statement_timeout that the database or the role has ends what takes too long, and gives the locks that it holds back to everybody who waits for them. This file switches it off. pg_dump writes such a line into every dump; in a file that only makes tables it is not meant.',
  fix: "Leave it out, or set a longer one: SET LOCAL statement_timeout = '10min'.",
  bad: `-- migrate:up
SET statement_timeout = 0; -- ✗
ALTER TABLE orders ADD COLUMN channel text;

-- migrate:down
ALTER TABLE orders DROP COLUMN channel;
`,
  good: `-- migrate:up
SET LOCAL statement_timeout = '10min';
ALTER TABLE orders ADD COLUMN channel text;

-- migrate:down
ALTER TABLE orders DROP COLUMN channel;
`,
  find: findZero(
    'statement_timeout',
    'statement_timeout: at 0 nothing ends what this file does under its locks, however long it takes',
  ),
}

const disabling: readonly AlterTableType[] = ['AT_DisableTrig', 'AT_DisableTrigAll', 'AT_DisableTrigUser']

const findDisabled = onUsedTable(
  disabling,
  ({ command, table }) =>
    `${table}: with ${command.name ?? 'its triggers'} disabled, rows of all sessions skip what it guards`,
)

const findReplicaRole = onStatement('VariableSetStmt', ({ body }) =>
  body.name === 'session_replication_role' && stringConstant(body.args?.[0]) === 'replica'
    ? 'session_replication_role: as replica this file checks no foreign key and fires no trigger'
    : undefined,
)

const disableTrigger: Rule = {
  id: 'ban-disable-trigger',
  level: 'warning',
  why: 'A disabled trigger is off for all sessions once the file is done; DISABLE TRIGGER ALL and session_replication_role = replica also switch off foreign keys, and rows that break them stay unnoticed for ever.',
  fix: "Write rows that the triggers may see; or let the trigger's function look at a setting: SET LOCAL app.backfill = on.",
  bad: `-- migrate:up
ALTER TABLE orders DISABLE TRIGGER ALL; -- ✗

-- migrate:down
ALTER TABLE orders ENABLE TRIGGER ALL;
`,
  good: `-- migrate:up
SET LOCAL app.backfill = 'on';
UPDATE orders SET total = 0 WHERE total IS NULL AND id BETWEEN 1 AND 10000;

-- migrate:down
`,
  find: (file: LintedFile): Found[] => [...findDisabled(file), ...findReplicaRole(file)],
}

export const lockRules: readonly Rule[] = [explicitLock, disabledTimeout, endlessStatement, disableTrigger]
