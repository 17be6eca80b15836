import { writeRunRecord } from '../io/host/run-record.ts'
import { takeSequence } from '../io/host/sequence.ts'
import type { Context } from '../model/context.ts'
import type { State } from '../model/state.ts'
import type { RunRecord } from '../report/documents.ts'
import { toolVersion } from '../version.ts'
import { userOf } from './provenance.ts'
import type { RunResult } from './run-result.ts'

export type RecordedRun = Pick<RunRecord, 'run' | 'command' | 'environment' | 'databases' | 'directory'> & {
  state: State
}

/** Leaves a record of a run in the state directory, before and after it: should everything die, the first one stays. */
export const recordRun = async (
  { state, ...about }: RecordedRun,
  context: Context,
  body: () => Promise<RunResult>,
): Promise<RunResult> => {
  const started = new Date()
  const base = {
    version: 1 as const,
    ...about,
    project: state.project,
    sequence: takeSequence(state, about.run),
    actor: `${userOf(context)}@${context.hostname}`,
    job: context.env.CI_JOB_URL ?? null,
    tool: toolVersion(),
    startedAt: started.toISOString(),
  }
  const write = (rest: Pick<RunRecord, 'duration' | 'outcome' | 'error'>): void =>
    writeRunRecord(state, { ...base, ...rest } satisfies RunRecord)
  const settle = (outcome: RunRecord['outcome'], error: string | null): void => {
    try {
      write({ outcome, error, duration: Date.now() - started.getTime() })
    } catch {
      // The disk that failed the run may be full; the first record still tells of it.
    }
  }
  write({ outcome: 'running', error: null, duration: null })
  try {
    const result = await body()
    settle(result.status, result.error?.message ?? null)
    return result
  } catch (error) {
    settle('failed', (error as Error).message)
    throw error
  }
}
