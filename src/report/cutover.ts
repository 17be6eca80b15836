import { newCutover } from '../model/cutover.ts'
import { downtimeOf, hasBegun, isDone, type Position } from '../model/position.ts'
import { stepKey } from '../model/step.ts'
import { renderDuration } from './render.ts'

/** The commands that go on from an unfinished run. */
export const commandsOf = (host: string, confirmed: boolean): { resume: string; undo: string } => ({
  resume: `po-migrate cutover ${host} --resume`,
  undo: `po-migrate cutover ${host} --undo${confirmed ? ' --confirm yes' : ''}`,
})

/**
 * What to type when a run stands where it stands: to finish it or to take it back; where it stopped nothing, to begin anew, for
 * which nothing has to be taken back. `first`: what has to be put right before.
 */
export const renderWaysOn = ({ touched, frame }: Position, confirmed: boolean, first?: string): string => {
  const { resume, undo } = commandsOf(frame.host, confirmed)
  if (touched) return `${first ?? resume}; or, to have everything as it was: ${undo}`
  const anew = newCutover(frame.host, frame.dropped ?? [], confirmed)
  const before = first === undefined || first === resume ? '' : `${first}; then: `
  return `${before}${anew}; or, to go on with this one: ${resume}; or, to forget it: ${undo}`
}

const stoppedProjects = ({ steps, begunSteps }: Position): string[] =>
  steps.flatMap((step) =>
    step.kind === 'stop-stack' && begunSteps.has(stepKey(step)) ? (step.project ?? []) : [],
  )

const startedAgain = ({ steps, done }: Position): Set<string> =>
  new Set(
    steps
      .filter((step) => done.has(stepKey(step)))
      .flatMap((step) => {
        if (step.kind === 'start-stack') return step.stack?.project ?? []
        return step.kind === 'wait-healthy' ? (step.project ?? []) : []
      }),
  )

const waitedFor = ({ steps, begunSteps }: Position, again: ReadonlySet<string>): string[] =>
  steps.flatMap((step) =>
    step.kind === 'start-containers' && begunSteps.has(stepKey(step)) && !again.has(step.project ?? '')
      ? (step.project ?? [])
      : [],
  )

const stateOfVolume = (position: Position): string[] => {
  const { volume, copy, from } = position.frame
  if (!hasBegun(position, 'wipe-volume')) return [`The volume ${volume} is as it was.`]
  const kept = isDone(position, 'copy-volume') ? [`What ${volume} held is safe in ${copy}.`] : []
  if (from !== undefined)
    return [
      ...kept,
      `${volume} ${isDone(position, 'bring-back') ? 'holds' : 'is to hold'} what is in ${from}.`,
    ]
  return [...kept, `${volume} is new${isDone(position, 'start-stack') ? ', and Postgres runs on it' : ''}.`]
}

/** What state the platform is in when a run stands where it stands. */
export const describeStanding = (position: Position): string[] => {
  const stopped = stoppedProjects(position)
  const again = startedAgain(position)
  const waiting = waitedFor(position, again)
  const down = stopped.filter((project) => !again.has(project) && !waiting.includes(project))
  if (stopped.length === 0 && !hasBegun(position, 'wipe-volume'))
    return ['No stack was stopped, and no volume was touched.']
  return [
    ...(down.length > 0 ? [`Stopped: ${down.join(', ')}.`] : []),
    ...(waiting.length > 0 ? [`Started, but not seen healthy: ${waiting.join(', ')}.`] : []),
    ...stateOfVolume(position),
  ]
}

/** `stopped at step 5 of 14 (copy-volume …): why`. */
export const describeProgress = (position: Position): string => {
  const { steps, done, running, failed } = position
  const count = `${done.size} of ${steps.length} steps done`
  if (failed) return `${count}; failed: ${failed.step}: ${failed.error}`
  return running ? `${count}; it ended in: ${running}` : count
}

/** `The services were down for 12.3 s.` */
export const renderDowntime = (position: Position): string => {
  const ms = downtimeOf(position)
  return ms === undefined
    ? ''
    : `Down for ${renderDuration(ms)}, from the first stop to the last healthy start.\n`
}
