import { needsRestart, readKeptSettings, writeSystemSettings } from '../io/postgres/server-settings.ts'
import type { Facts } from '../model/journal.ts'
import { nameOfSetting } from '../model/sql.ts'
import { ensureDatabase, startDatabase, stopDatabase } from './stacks.ts'
import type { CutoverTools } from './tools.ts'

const isLibrary = (entry: string): boolean => nameOfSetting(entry).endsWith('_preload_libraries')

/** What only a start brings into effect gets one. */
const apply = async (
  tools: CutoverTools,
  { environment, entries }: { environment: string; entries: readonly string[] },
): Promise<void> => {
  const { servers, host, report } = tools
  if (entries.length === 0) return
  await servers.lock()
  const { server } = await servers.engine(environment)
  await writeSystemSettings(server, entries)
  if (!(await needsRestart(server))) return
  report.progress('starting Postgres once more, with its settings')
  await stopDatabase(tools)
  await startDatabase(tools, host.stack)
}

/**
 * What ALTER SYSTEM had set, in effect before anything that may need it comes along: a library that some extension wants to
 * find loaded, say. Libraries come first: before Postgres 17 their own settings are unknown without them.
 */
export const carrySystem = async (
  tools: CutoverTools,
  environment: string,
  { backup = '' }: Facts,
): Promise<void> => {
  const { system } = readKeptSettings(backup)
  // A call that died may have stopped it.
  await ensureDatabase(tools)
  await apply(tools, { environment, entries: system.filter(isLibrary) })
  await apply(tools, { environment, entries: system.filter((entry) => !isLibrary(entry)) })
}
