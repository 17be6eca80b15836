import type { PartitionCmd } from 'libpg-query'
import { relationName } from '../../ast.ts'
import { isVacant } from '../../known.ts'
import { type Altered, onAlterTable, onAnyTable } from '../../on-alter-table.ts'
import { hasProof } from '../../proof.ts'
import { onStatement, type Rule } from '../../rule.ts'

const partitionOf = ({ command }: Altered): PartitionCmd =>
  command.def && 'PartitionCmd' in command.def ? command.def.PartitionCmd : {}

const creating: Rule = {
  id: 'creating-partition',
  level: 'warning',
  why: 'CREATE TABLE … PARTITION OF takes an ACCESS EXCLUSIVE lock on the whole partitioned table until the file is done (and reads its default partition): nobody can read or write any partition through it meanwhile.',
  fix: 'CREATE TABLE … (LIKE the parent INCLUDING ALL), then ALTER TABLE … ATTACH PARTITION: that lock lets readers and writers go on.',
  bad: `-- migrate:up
CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01'); -- ✗

-- migrate:down
DROP TABLE events_2027;
`,
  good: `-- migrate:up
CREATE TABLE events_2027 (LIKE events INCLUDING ALL);
ALTER TABLE events ATTACH PARTITION events_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- migrate:down
DROP TABLE events_2027;
`,
  find: onStatement('CreateStmt', ({ body, ...at }) => {
    const [parent] = body.inhRelations ?? []
    const name = body.partbound && parent && 'RangeVar' in parent ? relationName(parent.RangeVar) : undefined
    return name && !isVacant(at, name)
      ? `${name}: creating ${relationName(body.relation)} as its partition keeps out all its readers and writers until the file is done`
      : undefined
  }),
}

const attaching: Rule = {
  id: 'attaching-partition',
  level: 'warning',
  why: 'ATTACH PARTITION reads every row of the table it attaches, under an ACCESS EXCLUSIVE lock on that table, unless a validated CHECK already says that they fit; the default partition is read, too.',
  fix: 'File 1: ADD CONSTRAINT … CHECK (the bounds, and NOT NULL) NOT VALID on the table. File 2: VALIDATE CONSTRAINT, then ATTACH PARTITION. Drop the constraint afterwards.',
  bad: `-- migrate:up
ALTER TABLE events ATTACH PARTITION events_old FOR VALUES FROM (MINVALUE) TO ('2019-01-01'); -- ✗

-- migrate:down
ALTER TABLE events DETACH PARTITION events_old;
`,
  good: `-- migrate:up
ALTER TABLE events_old VALIDATE CONSTRAINT events_old_bounds;
ALTER TABLE events ATTACH PARTITION events_old FOR VALUES FROM (MINVALUE) TO ('2019-01-01');

-- migrate:down
ALTER TABLE events DETACH PARTITION events_old;
`,
  find: onAnyTable(['AT_AttachPartition'], (altered) => {
    const { file, index } = altered
    const table = relationName(partitionOf(altered).name)
    return isVacant(altered, table) || hasProof({ file, index, table })
      ? undefined
      : `${table}: attaching it reads the whole table under an exclusive lock unless a validated CHECK proves its rows`
  }),
}

const detaching: Rule = {
  id: 'require-concurrent-partition-detach',
  level: 'warning',
  why: 'DETACH PARTITION takes an ACCESS EXCLUSIVE lock on the whole partitioned table: nobody can read or write any partition through it until the file is done.',
  fix: 'DETACH PARTITION … CONCURRENTLY, alone in a file with `-- migrate:up transaction:false` (not while the table has a default partition).',
  bad: `-- migrate:up
ALTER TABLE events DETACH PARTITION events_2019; -- ✗

-- migrate:down
`,
  good: `-- migrate:up transaction:false
ALTER TABLE events DETACH PARTITION events_2019 CONCURRENTLY;

-- migrate:down
`,
  find: onAlterTable(['AT_DetachPartition'], (altered) => {
    const { concurrent, name } = partitionOf(altered)
    return concurrent
      ? undefined
      : `${altered.table}: detaching ${relationName(name)} keeps out all its readers and writers until the file is done`
  }),
}

export const partitionRules: readonly Rule[] = [creating, attaching, detaching]
