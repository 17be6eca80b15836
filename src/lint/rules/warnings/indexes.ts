import { hasOption, objectName, relationName } from '../../ast.ts'
import { isAbsent, isVacant } from '../../known.ts'
import { onStatement, type Rule } from '../../rule.ts'

const blockingCreation: Rule = {
  id: 'require-concurrent-index-creation',
  level: 'warning',
  why: 'CREATE INDEX holds a SHARE lock on the table until the whole index is built: every INSERT, UPDATE and DELETE waits, on a large table for minutes.',
  fix: 'CREATE INDEX CONCURRENTLY, alone in a file with `-- migrate:up transaction:false`. A partitioned table knows no CONCURRENTLY: CREATE INDEX … ON ONLY it, then build and ATTACH one for each partition.',
  bad: `-- migrate:up
CREATE INDEX orders_total_idx ON orders (total); -- ✗

-- migrate:down
DROP INDEX orders_total_idx;
`,
  good: `-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY orders_total_idx ON orders (total);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY orders_total_idx;
`,
  find: onStatement('IndexStmt', ({ body, ...at }) => {
    const table = relationName(body.relation)
    const metadataOnly = body.relation?.inh !== true
    return body.concurrent || metadataOnly || isVacant(at, table)
      ? undefined
      : `${table}: building ${body.idxname ?? 'this index'} blocks every write to it until the file is done`
  }),
}

const leftoverIndex: Rule = {
  id: 'concurrent-index-if-not-exists',
  level: 'warning',
  why: 'A concurrent build that fails (a lock timeout, a duplicate, a deadlock) leaves an INVALID index of that name. The next run finds the name, builds nothing and is recorded as applied; queries never use the index, a unique one lets no guarantee hold.',
  fix: 'Leave IF NOT EXISTS out: the second attempt then stops at the leftover, and you drop it with DROP INDEX CONCURRENTLY before you run again.',
  bad: `-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_total_idx ON orders (total); -- ✗

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY orders_total_idx;
`,
  good: `-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY orders_total_idx ON orders (total);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY orders_total_idx;
`,
  find: onStatement('IndexStmt', ({ body }) =>
    body.concurrent && body.if_not_exists
      ? `${body.idxname}: IF NOT EXISTS takes an invalid leftover of a failed build for the index`
      : undefined,
  ),
}

const blockingDeletion: Rule = {
  id: 'require-concurrent-index-deletion',
  level: 'warning',
  why: 'DROP INDEX takes an ACCESS EXCLUSIVE lock on the table, behind every running query on it; while it waits, all later readers and writers queue behind it, and once it has the lock they wait until the file is done.',
  fix: 'DROP INDEX CONCURRENTLY, alone in a file with `-- migrate:up transaction:false` (not for the index of a partitioned table or of a constraint).',
  bad: `-- migrate:up
DROP INDEX orders_customer_idx; -- ✗

-- migrate:down
CREATE INDEX orders_customer_idx ON orders (customer_id);
`,
  good: `-- migrate:up transaction:false
DROP INDEX CONCURRENTLY orders_customer_idx;

-- migrate:down transaction:false
CREATE INDEX CONCURRENTLY orders_customer_idx ON orders (customer_id);
`,
  find: onStatement('DropStmt', ({ body, ...at }) =>
    body.removeType !== 'OBJECT_INDEX' || body.concurrent
      ? undefined
      : (body.objects ?? [])
          .map(objectName)
          .filter((name) => !isVacant(at, name) && !(body.missing_ok && isAbsent(at, name)))
          .map((name) => `${name}: dropping it blocks every reader and writer of its table`),
  ),
}

const blockingReindex: Rule = {
  id: 'require-concurrent-reindex',
  level: 'warning',
  why: 'REINDEX blocks all writes to the table while it builds, and every query that would use the index (or plan with it) waits, too.',
  fix: 'REINDEX INDEX CONCURRENTLY or REINDEX TABLE CONCURRENTLY, alone in a file with `-- migrate:up transaction:false`.',
  bad: `-- migrate:up
REINDEX TABLE orders; -- ✗

-- migrate:down
`,
  good: `-- migrate:up transaction:false
REINDEX TABLE CONCURRENTLY orders;

-- migrate:down
`,
  find: onStatement('ReindexStmt', ({ body, ...at }) => {
    const concurrent = hasOption(body.params, 'concurrently')
    const name = body.relation ? relationName(body.relation) : (body.name ?? 'this database')
    return concurrent || isVacant(at, name)
      ? undefined
      : `${name}: REINDEX blocks its writers and most readers until the file is done`
  }),
}

export const indexRules: readonly Rule[] = [
  blockingCreation,
  leftoverIndex,
  blockingDeletion,
  blockingReindex,
]
