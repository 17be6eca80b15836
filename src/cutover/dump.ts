import { readAllGrants } from '../backup/apply-grants.ts'
import { removeAbandoned, stoppedLabel } from '../backup/directory.ts'
import { renderUnproven } from '../backup/empty-views.ts'
import { renderBytes, renderRemoval } from '../backup/report.ts'
import { takeBackup } from '../backup/take.ts'
import { AppError, exitCodes } from '../errors.ts'
import { readLiveRuns } from '../io/postgres/backends.ts'
import { readDatabaseNames, readProperties, readServerInventory } from '../io/postgres/inventory.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { keepSettings, readSystemSettings } from '../io/postgres/server-settings.ts'
import { readPosition } from '../io/postgres/snapshot.ts'
import { isRoleThere } from '../model/inventory.ts'
import type { Facts } from '../model/journal.ts'
import { mayHaveWritten } from '../model/snapshot.ts'
import { defaultMaintenance } from '../model/sql.ts'
import { makeRunId } from '../run/run-id.ts'
import { ensureDatabase } from './stacks.ts'
import type { CutoverTools, StepResult } from './tools.ts'

/** Dumps databases as they are now, and keeps that as a backup. */
export const dumpAll = async (
  tools: CutoverTools,
  request: {
    environment: string
    label: string
    databases: readonly string[]
    proof?: 'later'
    needed?: readonly string[]
  },
) => {
  const { servers, state, host, stop, report } = tools
  const { environment, label, ...rest } = request
  const { server, shared } = await servers.engine(environment)
  if (!shared) throw new Error('a cutover needs the docker engine')
  const { docker, id } = shared
  const { config, environment: first } = servers.supplied(environment)
  removeAbandoned(state, label, await readLiveRuns(server))
  const kept = await takeBackup({
    docker,
    ...(await shared.tools()),
    id,
    server,
    user: first.user,
    retain: config.retain.backups,
    // A name of its own for each: what was written at the last moment is dumped once more.
    run: makeRunId(new Date()),
    environment: label,
    state,
    volume: host.volume,
    ...rest,
    signal: stop,
    onProgress: (what, { bytes, rate }) =>
      report.progress(`${what}: ${renderBytes(bytes)}, ${renderBytes(rate)}/s`),
  })
  report.note(`${kept.manifest.provenAt ? 'proven backup' : 'dumped'}: ${kept.directory}`)
  for (const line of renderUnproven(kept.manifest)) report.note(line)
  if (kept.removal) for (const line of renderRemoval(kept.removal)) report.note(line)
  return kept
}

/** Whoever confirmed the plan did not see what was made since. */
export const refuseNews = async (
  { servers, frame }: CutoverTools,
  server: Server,
): Promise<readonly string[]> => {
  const supplied = frame.environments.map((name) => servers.supplied(name).environment)
  const managed = supplied.flatMap((environment) => environment.databases.map(({ database }) => database))
  const users = supplied.map(({ user }) => user)
  const { carried, dropped = [] } = frame
  const databases = new Set([
    ...managed,
    ...carried.databases,
    ...dropped,
    defaultMaintenance,
    server.maintenance,
  ])
  const roles = new Set([...users, ...carried.roles, ...dropped])
  const all = await readDatabaseNames(server)
  const own = (await readServerInventory(server)).roles.map(({ name }) => name)
  const news = [
    ...all.filter((name) => !databases.has(name)),
    ...own.filter((name) => !isRoleThere(name, roles)),
  ]
  if (news.length === 0) return all
  throw new AppError(`${news.join(', ')} came after the plan was made, and would not come along.`, {
    exitCode: exitCodes.refused,
    details: [`Drop it to go on; or undo, and begin anew: the next plan has it.`],
  })
}

/** What no dump of what comes along holds. */
export const keepRest = async ({ frame }: CutoverTools, server: Server, directory: string): Promise<void> => {
  const carried = new Set(frame.carried.databases)
  const rest = (await readDatabaseNames(server)).filter((name) => !carried.has(name))
  const properties = (
    await Promise.all(
      rest.map((name) =>
        readProperties((sql, values) => server.query(server.maintenance, sql, values), name),
      ),
    )
  ).flatMap((found) => found ?? [])
  const [system, grants] = [await readSystemSettings(server), await readAllGrants(server, rest)]
  keepSettings(directory, { system, properties, grants })
}

/**
 * With all application containers down: a dump again of what is carried over, if a transaction wrote since the backup.
 * Autovacuum writes too, so that this may happen for nothing. No throwaway server proves it while the services are down: it
 * is restored and compared anyway, and until then the copy of the volume holds the same.
 */
export const dumpAgain = async (
  tools: CutoverTools,
  environment: string,
  { backup = '', transaction = '' }: Facts,
): Promise<StepResult> => {
  await ensureDatabase(tools)
  await tools.servers.lock()
  const { server } = await tools.servers.engine(environment)
  await refuseNews(tools, server)
  await keepRest(tools, server, backup)
  if (!mayHaveWritten(transaction, await readPosition(server))) return undefined
  const { databases } = tools.frame.carried
  tools.report.note('something was written since the backup: what is carried over is dumped again')
  const { directory, manifest } = await dumpAll(tools, {
    environment,
    label: stoppedLabel(tools.host.name),
    databases,
    proof: 'later',
    needed: [backup],
  })
  return { carried: directory, transaction: manifest.position }
}
