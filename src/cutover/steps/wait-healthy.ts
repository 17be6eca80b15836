import { AppError, exitCodes } from '../../errors.ts'
import { waitHealthy as wait } from '../../io/docker/stack.ts'
import { findKept, healthyWithin } from '../stacks.ts'
import type { CutoverKind } from '../tools.ts'

export type WaitHealthy = { kind: 'wait-healthy'; project: string }

/** What was healthy before has to be again; one that was not is named, no more. */
export const waitHealthy: CutoverKind<WaitHealthy> = {
  words: ({ project }) => [project, 'wait until healthy'],
  perform: async ({ project }, { tools }) => {
    const { docker, stop, report } = tools
    const { there: wanted } = await findKept(tools, project)
    const ids = wanted.map(({ id }) => id)
    const onProgress = report.progress
    const waiting = await wait(docker.client, { ids, within: healthyWithin, stop, onProgress })
    const wasHealthy = new Set(wanted.filter(({ healthy }) => healthy).map(({ id }) => id))
    const failed = waiting.filter(({ id }) => wasHealthy.has(id))
    const words = (list: typeof waiting): string =>
      list.map(({ name, running, health }) => `${name} (${running ? health : 'not running'})`).join(', ')
    if (failed.length > 0)
      throw new AppError(`${project} did not come back: ${words(failed)}.`, {
        exitCode: exitCodes.failed,
        hint: `docker logs --tail 30 ${failed[0]?.name}`,
      })
    if (waiting.length > 0) report.note(`${words(waiting)}: not healthy, and was not before either`)
    return undefined
  },
}
