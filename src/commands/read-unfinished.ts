import type { UnfinishedWork } from '../checks/leftovers.ts'
import type { Engine } from '../io/engine.ts'
import type { Environment } from '../model/types.ts'
import { readFindings, repairOf } from '../run/settle.ts'
import { readDatabases } from '../run/world.ts'

/** What dead runs left in these databases of the environment. */
export const readUnfinished = async (
  environment: Environment,
  engine: Engine,
  names: readonly string[],
): Promise<UnfinishedWork> => {
  const { server } = engine
  const databases = environment.databases.filter(({ database }) => names.includes(database))
  const states = await readDatabases({ ...environment, databases }, server)
  const found = await Promise.all(
    states.map(async (state) =>
      (await readFindings(server, state)).map((finding) => ({ database: state.managed.database, finding })),
    ),
  )
  const repairs = found.flat().flatMap(({ database, finding }) => {
    const repair = repairOf(server, database, finding)
    const commands = repair?.commands.map(({ when, command }) => (when ? `${when}: ${command}` : command))
    return repair && commands ? { what: repair.what, repair: commands } : []
  })
  const settled = found.flat().flatMap(({ database, finding }) => {
    if (finding.kind === 'undone')
      return `${database}: the run of ${finding.entry.file} died, and nothing of it stayed.`
    return finding.kind === 'done'
      ? `${database}: the run of ${finding.entry.file} died after it was recorded.`
      : []
  })
  return { repairs, settled }
}
