import { openRecovery, type RecoveryTools } from '../backup/perform.ts'
import { AppError, exitCodes } from '../errors.ts'
import type { Dbmate } from '../io/dbmate/dbmate.ts'
import { startStack } from '../io/docker/compose.ts'
import type { DockerHost } from '../io/docker/host.ts'
import type { Engine, Progress } from '../io/engine.ts'
import { recordAcceptedEdit } from '../io/postgres/ledger.ts'
import type { LossReason } from '../io/postgres/lock.ts'
import { isCutoverStep } from '../model/cutover.ts'
import type { Provenance } from '../model/ledger.ts'
import type { Plan, Step } from '../model/plan.ts'
import { createDatabase } from './create-database.ts'
import { type MigrateFileOptions, migrateFile } from './migrate-file.ts'

/** What steps need; a plan brings what its own kinds of step use. */
export type Tools = {
  /** For databases. */
  engine?: Engine
  /** For migration files. */
  migrate?: Pick<MigrateFileOptions, 'run' | 'environment' | 'lockTimeout' | 'interrupt' | 'applied'> & {
    /** Read at the first file: before that the image may have to be pulled. */
    provenance: () => Promise<Provenance>
  }
  /** Aborted when the lock's session ended: then nothing more may start. */
  lost?: AbortSignal | undefined
  /** For networks, volumes and stacks. */
  host?: DockerHost
  /** For backups and restores. */
  recovery?: RecoveryTools
  passEnv?: readonly string[]
  onProgress: Progress
  /** Aborted when the running step has to end now. */
  stop: AbortSignal
}

export type Performer = AsyncDisposable & { perform: (step: Step) => Promise<void> }

const lockLost = (): AppError =>
  new AppError('The session that holds the lock ended, so no further file was started.', {
    exitCode: exitCodes.failed,
    details: ['Postgres restarted, the connection was cut, or somebody released the lock.'],
  })

const need = <T>(tool: T | undefined, name: string): T => {
  if (tool === undefined) throw new Error(`this plan has a step that needs ${name}`)
  return tool
}

/** Step → one effect. The dbmate container starts with the first step that needs it, and serves all. */
export const openPerformer = (
  plan: Plan,
  { engine, migrate, lost, host, recovery = {}, passEnv = [], onProgress, stop }: Tools,
): Performer => {
  const recovering = openRecovery(recovery)
  const files = plan.steps.filter(
    (step) => step.kind === 'apply-migration' || step.kind === 'rollback-migration',
  )
  let opened: Promise<Dbmate> | undefined
  let known: Promise<Provenance> | undefined
  const dbmate = (): Promise<Dbmate> => {
    opened ??= need(engine, 'an engine').openDbmate(files)
    return opened
  }
  const provenance = (): Promise<Provenance> => {
    known ??= need(migrate, 'the means to run files').provenance()
    return known
  }
  const endNow = async (): Promise<void> => {
    // The backend first: without its client it would go on with the statement.
    await engine?.cancel().catch(() => {})
    await (await opened)?.abort()
  }
  stop.addEventListener('abort', () => void endNow().catch(() => {}))
  const giveUp = async (): Promise<void> => (await opened)?.abort()
  lost?.addEventListener('abort', () => {
    // dbmate may wait for the same silence, and its session has no end.
    if (lost.reason === ('silent' satisfies LossReason)) giveUp().catch(() => {})
  })
  const perform = async (step: Step): Promise<void> => {
    if (lost?.aborted) throw lockLost()
    if (isCutoverStep(step)) throw new Error(`${step.kind} is a step of a cutover`)
    switch (step.kind) {
      case 'create-network':
        await need(host, 'Docker').docker.createNetwork({ Name: step.network })
        return
      case 'create-volume':
        await need(host, 'Docker').docker.createVolume({ Name: step.volume })
        return
      case 'start-stack':
        return startStack(need(host, 'Docker'), { stack: step.stack, passEnv, onLine: onProgress })
      case 'pull-image':
        return need(engine, 'an engine').pull(step.image, onProgress)
      case 'create-database':
        return createDatabase(need(engine, 'an engine'), await dbmate(), step.managed)
      case 'apply-migration':
      case 'rollback-migration': {
        const means = need(migrate, 'the means to run files')
        return migrateFile({
          ...means,
          provenance: await provenance(),
          ...step,
          managed: await means.applied.place(step.managed),
          direction: step.kind === 'apply-migration' ? 'up' : 'down',
          onProgress,
          engine: need(engine, 'an engine'),
          dbmate: await dbmate(),
        })
      }
      case 'accept-edit': {
        const { run } = need(migrate, 'the means to run files')
        const { server } = need(engine, 'an engine')
        return recordAcceptedEdit(server, { run, provenance: await provenance(), ...step })
      }
      default:
        return recovering.perform(step)
    }
  }
  const close = async (): Promise<void> => {
    const running = await opened?.catch(() => undefined)
    await running?.[Symbol.asyncDispose]()
    await recovering[Symbol.asyncDispose]()
  }
  return { perform, [Symbol.asyncDispose]: close }
}
