import { AppError } from '../errors.ts'
import { requireShared } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import type { PageDatabase, PageDrift } from '../page/document.ts'
import { describeError } from '../report/report.ts'
import { openPresence } from '../run/presence.ts'
import { requireDocker } from '../run/require-docker.ts'
import { driftAll } from '../schema/drift-all.ts'
import { openBench, openLive, unlessInterrupted } from '../schema/open-bench.ts'
import type { ReadServer } from './read-environments.ts'

/** Of each database that is there, by its name in the config. */
const readAll = async (read: ReadServer, context: Context): Promise<Map<string, PageDrift>> => {
  const { config, environment, run, report } = read
  requireDocker(environment, 'report --drift')
  const engine = requireShared(read.engine)
  await using _presence = await openPresence(engine)
  const databases = read.databases.filter(({ exists, obstacle }) => exists && !obstacle)
  if (databases.length === 0) return new Map()
  return await unlessInterrupted(context, async () => {
    await using bench = await openBench({ config, environment, engine, run, report, databases }, context)
    const live = await openLive(engine, { id: run, report })
    const told = await driftAll(databases, { bench, live, environment, signal: context.interrupt }, report)
    return new Map(
      told.map(({ entry: { name, applied, differences, unread, error } }) => [
        name,
        { applied, differences, ...(unread !== undefined && { unread }), ...(error && { error }) },
      ]),
    )
  })
}

/** The databases of the page with their drift; what stands in the way of looking is told in its place. */
export const addDrift = async (
  described: PageDatabase[],
  read: ReadServer,
  context: Context,
): Promise<PageDatabase[]> => {
  try {
    const drifts = await readAll(read, context)
    return described.map((database) => {
      const drift = drifts.get(database.name)
      return drift ? { ...database, drift } : database
    })
  } catch (error) {
    if (!(error instanceof AppError) || context.interrupt.aborted) throw error
    const drift = { applied: 0, differences: [], error: describeError(error) }
    return described.map((database) =>
      database.exists && !database.error ? { ...database, drift } : database,
    )
  } finally {
    read.report.close()
  }
}
