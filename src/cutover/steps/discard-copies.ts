import { readCopies, removeVolume } from '../../io/docker/volume-life.ts'
import { readRuns } from '../../io/host/read-runs.ts'
import type { CutoverKind } from '../tools.ts'

export type DiscardCopies = { kind: 'discard-copies'; volume: string }

/**
 * The run's own copy stays, whatever its date, and of the older ones as many as `retain:` says with it. A copy that another
 * project made is not ours to remove, nor one whose run has its journal elsewhere: it may be all that an unfinished run has.
 */
export const discardCopies: CutoverKind<DiscardCopies> = {
  words: ({ volume }) => [volume, 'remove older copies'],
  perform: async ({ volume }, { tools: { docker, frame, host, report, state } }) => {
    const known = new Set(readRuns(state, host).map(({ frame: { run } }) => run))
    const copies = await readCopies(docker.client, volume)
    const others = copies.filter(({ name, project, run }) => {
      if (name === frame.copy) return false
      return project === undefined || (state.own.includes(project) && known.has(run))
    })
    const own = copies.some(({ name }) => name === frame.copy) ? 1 : 0
    const old = others.slice(0, Math.max(0, others.length + own - host.cutover.retain))
    for (const { name } of old) await removeVolume(docker.client, name)
    if (old.length > 0) report.note(`removed ${old.map(({ name }) => name).join(', ')}`)
    return { discarded: old.map(({ name }) => name) }
  },
}
