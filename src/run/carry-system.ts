import { needsRestart, readKeptSettings, writeSystemSettings } from '../io/server-settings.ts'
import type { Facts } from '../model/journal.ts'
import { startDatabase, stopDatabase } from './cutover-stacks.ts'
import type { CutoverTools } from './cutover-tools.ts'

/**
 * What ALTER SYSTEM had set, in effect before anything that may need it comes along: a library that some extension wants to
 * find loaded, say. What only a start brings into effect gets one.
 */
export const carrySystem = async (
  tools: CutoverTools,
  environment: string,
  { backup = '' }: Facts,
): Promise<void> => {
  const { servers, host, report } = tools
  const { system } = readKeptSettings(backup)
  if (system.length === 0) return
  await servers.lock()
  const { server } = await servers.engine(environment)
  await writeSystemSettings(server, system)
  if (!(await needsRestart(server))) return
  report.progress('starting Postgres once more, with its settings')
  await stopDatabase(tools)
  await startDatabase(tools, host.stack)
}
