import { needsRestart, readKeptSettings, writeSystemSettings } from '../../io/postgres/server-settings.ts'
import { nameOfSetting } from '../../model/sql.ts'
import { ensureDatabase, stopDatabase } from '../stacks.ts'
import type { CutoverAct, CutoverKind } from '../tools.ts'
import { startStack } from './start-stack.ts'

export type CarrySystem = { kind: 'carry-system'; environment: string }

const isLibrary = (entry: string): boolean => nameOfSetting(entry).endsWith('_preload_libraries')

/** What only a start brings into effect gets one. */
const apply = async (act: CutoverAct, environment: string, entries: readonly string[]): Promise<void> => {
  const { servers, host, report } = act.tools
  if (entries.length === 0) return
  await servers.lock()
  const { server } = await servers.engine(environment)
  await writeSystemSettings(server, entries)
  if (!(await needsRestart(server))) return
  report.progress('starting Postgres once more, with its settings')
  await stopDatabase(act.tools)
  await startStack.perform({ kind: 'start-stack', stack: host.stack }, act)
}

/**
 * What ALTER SYSTEM had set, in effect before anything that may need it comes along: a library that some extension wants to
 * find loaded, say. Libraries come first: before Postgres 17 their own settings are unknown without them.
 */
export const carrySystem: CutoverKind<CarrySystem> = {
  words: () => ['Postgres', 'carry over what ALTER SYSTEM had set, restart where that needs it'],
  perform: async ({ environment }, act) => {
    const { system } = readKeptSettings(act.facts.backup ?? '')
    // A call that died may have stopped it.
    await ensureDatabase(act.tools)
    await apply(act, environment, system.filter(isLibrary))
    await apply(
      act,
      environment,
      system.filter((entry) => !isLibrary(entry)),
    )
    return undefined
  },
}
