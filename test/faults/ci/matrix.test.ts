import { test } from 'vitest'
import type { FaultName } from '../../support/faults/kinds.ts'
import type { MomentName } from '../../support/faults/moments.ts'
import { strikeAndRecover } from '../../support/faults/scenario.ts'

/** Part of `make test-faults` that needs no engine of its own: each fault once, each kind of step at least once. */
const cells: (readonly [FaultName, MomentName])[] = [
  ['SIGKILL of the orchestrator', 'another file outside a transaction'],
  ['SIGKILL of the dbmate container', 'a concurrent index'],
  ['SIGKILL of Postgres', 'a transactional file'],
  ['SIGKILL of the orchestrator', 'create-database'],
  ['paused Postgres', 'between files'],
  ['full disk', 'a transactional file'],
]

test.concurrent.for(cells)('%s at %s: the next run brings everything to the end, once', ([fault, moment]) =>
  strikeAndRecover(fault, moment),
)
