import { readRuns } from '../io/host/read-runs.ts'
import type { Position } from '../model/position.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import type { RunRecord } from '../report/documents.ts'

const outcomeOf = ({ outcome, failed }: Position): RunRecord['outcome'] => {
  if (outcome === 'done') return 'done'
  return outcome === 'superseded' || failed ? 'failed' : 'running'
}

const errorOf = ({ outcome, failed, running }: Position): string | null => {
  if (outcome === 'superseded') return 'taken back before it was through'
  if (failed) return `${failed.step}: ${failed.error}`
  return running === undefined ? null : `in ${running}`
}

const recordOf = (position: Position, environment: string): RunRecord => {
  const { frame, by, tool, job, begun, ended, facts } = position
  return {
    version: 1,
    run: frame.run,
    ...(frame.project !== undefined && { project: frame.project }),
    ...(frame.sequence !== undefined && { sequence: frame.sequence }),
    command: frame.command,
    environment,
    actor: by,
    job,
    tool,
    startedAt: begun,
    duration: ended === undefined ? null : Date.parse(ended) - Date.parse(begun),
    outcome: outcomeOf(position),
    databases: [],
    directory: facts.backup ?? null,
    error: errorOf(position),
  }
}

/** The cutovers of an environment's host and what was taken back, from their journals, oldest first. */
export const readCutoverRecords = (state: State, { name, host }: Environment): RunRecord[] =>
  readRuns(state, host)
    .filter(({ frame }) => frame.environments.includes(name))
    .map((position) => recordOf(position, name))
    .reverse()
