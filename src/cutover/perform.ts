import { networkExists } from '../io/docker/postgres-container.ts'
import { readPosition } from '../io/postgres/snapshot.ts'
import type { Context } from '../model/context.ts'
import type { Facts } from '../model/journal.ts'
import type { Step } from '../model/plan.ts'
import { migrateEnvironment, verifyEnvironment } from '../run/migrate-environment.ts'
import { carryRoles, carrySettings } from './carry.ts'
import { carryDatabase } from './carry-database.ts'
import { carrySystem } from './carry-system.ts'
import { startDatabase, startProject, stopProject } from './stacks.ts'
import { stopServer } from './stop-server.ts'
import { backUp, checkWrites } from './take-backup.ts'
import type { CutoverTools, StepResult } from './tools.ts'
import { bringBack, discardCopies, keepVolume, removeCopy, wipe } from './volumes.ts'

const migrate = async (tools: CutoverTools, name: string, context: Context): Promise<undefined> => {
  const { servers, run, report } = tools
  const lost = await servers.lock()
  const engine = await servers.engine(name)
  const onProgress = report.progress
  await migrateEnvironment({ ...servers.supplied(name), engine, run, lost, onProgress }, context)
  return undefined
}

const verify = async ({ servers }: CutoverTools, name: string): Promise<StepResult> => {
  const { environment } = servers.supplied(name)
  const engine = await servers.engine(name)
  await verifyEnvironment({ environment, engine })
  return { verified: await readPosition(engine.server) }
}

const createNetwork = async ({ docker }: CutoverTools, network: string): Promise<undefined> => {
  if (!(await networkExists(docker.docker, network))) await docker.docker.createNetwork({ Name: network })
  return undefined
}

/** Step → one effect, each of which may be done again after it was cut off anywhere. None begins without the guard. */
export const performCutoverStep =
  (tools: CutoverTools, context: Context) =>
  async (step: Step, facts: Facts): Promise<StepResult> => {
    await tools.guard.verify()
    switch (step.kind) {
      case 'create-network':
        return createNetwork(tools, step.network)
      case 'stop-stack':
        return step.project === tools.host.stack.project
          ? stopServer(tools, facts)
          : stopProject(tools, step.project)
      case 'copy-volume':
        return keepVolume(tools, step)
      case 'wipe-volume':
        return wipe(tools, step.volume, facts)
      case 'bring-back':
        return bringBack(tools, step)
      case 'start-stack':
        return startDatabase(tools, step.stack)
      case 'back-up':
        return backUp(tools, step.environment)
      case 'check-writes':
        return checkWrites(tools, step.environment, facts)
      case 'carry-roles':
        await carrySystem(tools, step.environment, facts)
        return carryRoles(tools, step.environment, facts)
      case 'carry-database':
        return carryDatabase(tools, step, facts)
      case 'carry-settings':
        return carrySettings(tools, step.environment, facts)
      case 'migrate':
        return migrate(tools, step.environment, context)
      case 'verify':
        return verify(tools, step.environment)
      case 'start-containers':
        return startProject(tools, step.project)
      case 'discard-copies':
        return discardCopies(tools, step.volume)
      case 'remove-copy':
        return removeCopy(tools, step.copy)
      default:
        throw new Error(`a cutover has no step ${step.kind}`)
    }
  }
