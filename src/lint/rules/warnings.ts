import type { Rule } from '../rule.ts'
import { backfillRules } from './warnings/backfill.ts'
import { cascadeRules } from './warnings/cascades.ts'
import { columnChoiceRules } from './warnings/column-choices.ts'
import { columnTypeRules } from './warnings/column-type.ts'
import { columnRules } from './warnings/columns.ts'
import { constraintRules } from './warnings/constraints.ts'
import { dataRules } from './warnings/data.ts'
import { domainRules } from './warnings/domains.ts'
import { dropRules } from './warnings/drops.ts'
import { indexRules } from './warnings/indexes.ts'
import { keyRules } from './warnings/keys.ts'
import { leakedSearchPath } from './warnings/leaked-search-path.ts'
import { lockRules } from './warnings/locks.ts'
import { moveRules } from './warnings/moves.ts'
import { nameRules } from './warnings/names.ts'
import { notNullRules } from './warnings/not-null.ts'
import { partitionRules } from './warnings/partitions.ts'
import { renameRules } from './warnings/renames.ts'
import { rewriteRules } from './warnings/rewrites.ts'

/** SQL that Postgres runs and that is dangerous on a live database; the environment's policy decides. */
export const warningRules: readonly Rule[] = [
  ...indexRules,
  ...constraintRules,
  ...keyRules,
  ...notNullRules,
  ...columnRules,
  ...columnTypeRules,
  ...columnChoiceRules,
  ...domainRules,
  ...renameRules,
  ...moveRules,
  ...dropRules,
  ...cascadeRules,
  ...dataRules,
  ...backfillRules,
  ...rewriteRules,
  ...lockRules,
  ...partitionRules,
  ...nameRules,
  leakedSearchPath,
]
