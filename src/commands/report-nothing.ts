import type { Run } from '../frame/run.ts'
import type { Environment } from '../model/types.ts'
import { renderNothingToDo } from '../report/up.ts'
import { nothingDone, type RunResult } from '../run/run-result.ts'
import type { Planned } from './planned-verb.ts'

/** A run that found nothing to do, told as a run. */
export const reportNothing = (
  run: Run,
  { name }: Environment,
  { planned, databases }: Planned,
): RunResult => {
  run.start(planned)
  run.report.result(renderNothingToDo(name, databases))
  return nothingDone
}
