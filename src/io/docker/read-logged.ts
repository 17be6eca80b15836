import { setTimeout as sleep } from 'node:timers/promises'
import { findLogged } from '../../model/server-log.ts'
import type { Docker } from './docker.ts'
import { readLog } from './frames.ts'

/** The log arrives a moment after the error does. */
const delays = [0, 50, 150, 300]

/** What the Postgres of a container logged beside this statement's error since then. */
export const readLogged = async (
  docker: Docker,
  container: string,
  { statement, since }: { statement: string; since: Date },
): Promise<readonly string[]> => {
  for (const delay of delays) {
    await sleep(delay)
    const log = await readLog(docker.getContainer(container), { since: Math.floor(since.getTime() / 1000) })
    const lines = findLogged(log, statement)
    if (lines.length > 0) return lines
  }
  return []
}
