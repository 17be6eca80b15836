import { readContainer, readStack } from '../io/docker/stack.ts'
import { appendJournal } from '../io/host/journal.ts'
import { hasBegun, isDone, type Position } from '../model/position.ts'
import { stepKey } from '../model/step.ts'
import { ensureDatabase } from './stacks.ts'
import type { CutoverTools } from './tools.ts'

/**
 * Whether anything of what this run stopped ran since, before the volume was wiped: then its copy is of another moment, and
 * what was written meanwhile is in no backup.
 */
const ranSince = async ({ docker, host }: CutoverTools, position: Position): Promise<string | undefined> => {
  const stopped = position.steps.flatMap((step) =>
    step.kind === 'stop-stack' && position.done.has(stepKey(step)) ? (step.project ?? []) : [],
  )
  for (const project of stopped) {
    const running = (await readStack(docker.client, project)).filter((container) => container.running)
    if (running.length > 0) return `${running.map(({ name }) => name).join(', ')} runs`
  }
  const { database } = position.facts
  if (!stopped.includes(host.stack.project) || !database) return undefined
  const now = await readContainer(docker.client, database.id)
  return now?.finished === database.finished ? undefined : 'Postgres ran since it was stopped'
}

/** Goes back to the first stop, where something was started by hand before the wipe. */
export const rewindIfStarted = async (tools: CutoverTools, position: Position): Promise<void> => {
  if (hasBegun(position, 'wipe-volume') || !hasBegun(position, 'stop-stack')) return
  const why = await ranSince(tools, position)
  const first = position.steps.find(({ kind }) => kind === 'stop-stack')
  if (!why || !first || !isDone({ ...position, steps: [first] }, 'stop-stack')) return
  const at = new Date().toISOString()
  appendJournal(tools.state, position.frame.run, { entry: 'rewound', at, step: stepKey(first), why })
  tools.report.note(`${why}: stopping and copying again`)
}

/** Starts the database where it went down after this run had started it: an engine that was killed leaves it down. */
export const startIfDown = async (tools: CutoverTools, position: Position): Promise<void> => {
  if (isDone(position, 'start-stack')) await ensureDatabase(tools)
}
