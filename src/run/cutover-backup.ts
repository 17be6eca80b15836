import { readDatabaseNames } from '../io/inventory.ts'
import { readPosition } from '../io/snapshot.ts'
import { readStack, startContainers, waitHealthy } from '../io/stack.ts'
import type { Facts } from '../model/journal.ts'
import { mayHaveWritten } from '../model/snapshot.ts'
import { renderBytes } from '../report/backup.ts'
import { takeBackup } from './backup.ts'
import type { CutoverTools, StepResult } from './cutover-tools.ts'

const healthyWithin = 180_000

/** After a crash the database may be down, though nothing was wiped yet: it starts as it is. */
const ensureDatabase = async ({ docker, host, stop, report }: CutoverTools): Promise<void> => {
  const stack = await readStack(docker.docker, host.stack.project)
  const ids = stack.map(({ id }) => id)
  await startContainers(docker.docker, ids)
  await waitHealthy(docker.docker, { ids, within: healthyWithin, stop, onProgress: report.progress })
}

const dumpAll = async (
  tools: CutoverTools,
  { environment, label, databases }: { environment: string; label: string; databases: readonly string[] },
) => {
  const { servers, state, run, stop, report } = tools
  const { server, shared } = await servers.engine(environment)
  if (!shared) throw new Error('a cutover needs the docker engine')
  const { docker, container } = shared
  const { user } = servers.supplied(environment).environment
  const kept = await takeBackup({
    docker,
    container,
    server,
    user,
    run,
    environment: label,
    state,
    databases,
    signal: stop,
    onProgress: (what, { bytes, rate }) =>
      report.progress(`${what}: ${renderBytes(bytes)}, ${renderBytes(rate)}/s`),
  })
  report.note(`proven backup: ${kept.directory}`)
  return kept
}

/** Everything that the server holds, managed or not, while all stacks serve. */
export const backUp = async (tools: CutoverTools, environment: string): Promise<StepResult> => {
  await ensureDatabase(tools)
  await tools.servers.lock()
  const { server } = await tools.servers.engine(environment)
  const databases = await readDatabaseNames(server)
  const { directory, manifest } = await dumpAll(tools, { environment, label: tools.host.name, databases })
  return { backup: directory, transaction: manifest.position }
}

/**
 * With all application containers down: a backup again of what is carried over, if a transaction wrote since the first one.
 * Autovacuum writes too, so that this may happen for nothing.
 */
export const checkWrites = async (
  tools: CutoverTools,
  environment: string,
  { transaction = '' }: Facts,
): Promise<StepResult> => {
  await ensureDatabase(tools)
  await tools.servers.lock()
  const { server } = await tools.servers.engine(environment)
  if (!mayHaveWritten(transaction, await readPosition(server))) return undefined
  const { databases } = tools.frame.carried
  tools.report.note('something was written since the backup: what is carried over is dumped again')
  const label = `${tools.host.name}-stopped`
  const { directory, manifest } = await dumpAll(tools, { environment, label, databases })
  return { carried: directory, transaction: manifest.position }
}
