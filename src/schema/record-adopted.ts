import type { Config } from '../config/load.ts'
import { AppError, exitCodes } from '../errors.ts'
import { gateOf, type Rolled, rolledOf } from '../fleet/rollout.ts'
import type { GlobalOptions } from '../frame/options.ts'
import type { Run } from '../frame/run.ts'
import type { HostLock } from '../io/host/host-lock.ts'
import { anyLost } from '../io/postgres/lock.ts'
import { readDatabase } from '../io/postgres/read-database.ts'
import type { SharedEngine } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import { performWith } from '../model/kind.ts'
import type { Provenance } from '../model/ledger.ts'
import type { Plan } from '../model/plan.ts'
import type { Environment } from '../model/types.ts'
import type { Paint } from '../report/paint.ts'
import { concludeFleets } from '../run/conclude-fleets.ts'
import { execute } from '../run/execute.ts'
import { lockDatabases } from '../run/lock-databases.ts'
import { readProvenance } from '../run/provenance.ts'
import { requireLock } from '../run/require-lock.ts'
import type { RunResult } from '../run/run-result.ts'
import { openWaves } from '../run/waves.ts'
import { renderAdopted } from './adopt-report.ts'
import { fingerprint } from './fingerprint.ts'
import { type AdoptCommand, adoptCommandLine } from './plan/adopt.ts'
import type { PrefixProof } from './prove-prefix.ts'
import { readSchema } from './read-schema.ts'
import type { AdoptTools } from './steps/adopt-database.ts'
import { type AdoptStep, adoptKinds } from './steps/adopt-kinds.ts'
import type { SchemaSource } from './workbench.ts'

export type AdoptParts = {
  run: Run
  config: Config
  environment: Environment
  engine: SharedEngine
  live: SchemaSource
  host: HostLock
  holder: Holder
  paint: Paint
}

export type AdoptRequest = AdoptCommand & Pick<GlobalOptions, 'json' | 'confirm' | 'lockWait'>

export type Asked = { options: AdoptRequest; context: Context }

/** Between the proof and the lock somebody may have changed what was proven, or recorded it. */
const requireSame =
  (
    { engine, live }: AdoptParts,
    proofs: readonly PrefixProof[],
    command: string,
  ): AdoptTools['requireUnchanged'] =>
  async (managed) => {
    const { database, versions } = managed
    const proof = proofs.find(({ state }) => state.managed.database === database)
    const seen = fingerprint(await readSchema(live, { database, versions }))
    const { applied } = await readDatabase(engine.server, managed)
    if (seen === proof?.seen && applied.length === 0) return
    throw new AppError(`${database} was changed since it was proven.`, {
      exitCode: exitCodes.refused,
      hint: command,
    })
  }

/** One that cannot be recorded keeps none of its fleet from it: what is proven of the others is proven. */
const unhindered = ({ fleets = [] }: Environment, plan: Plan): Rolled[] =>
  rolledOf(
    fleets.map(({ name, rollout }) => ({
      name,
      rollout: { ...rollout, canary: 0, maxFailures: Number.POSITIVE_INFINITY },
    })),
    plan.steps,
  )

/** Under the locks what was proven is looked at once more, and recorded. */
export const recordAdopted = async (
  parts: AdoptParts,
  proofs: readonly PrefixProof[],
  { plan, options, context }: Asked & { plan: Plan<AdoptStep> },
): Promise<RunResult> => {
  const { run, config, environment, engine, host, holder } = parts
  const { report } = run
  const { lockWait } = options
  const command = adoptCommandLine(options)
  await using lock = await lockDatabases({ engine, environment, holder, lockWait, report }, context)
  const lost = anyLost(host, lock)
  run.start(plan)
  const rolled = unhindered(environment, plan)
  const waves = openWaves(rolled, lock)
  const gate = gateOf(rolled, { continueOnError: false })
  let provenance: Promise<Provenance> | undefined
  const perform = performWith(adoptKinds, {
    server: engine.server,
    run: run.id,
    provenance: () => {
      provenance ??= readProvenance({ config, environment, engine }, context)
      return provenance
    },
    requireUnchanged: requireSame(parts, proofs, command),
  })
  const result = await execute(plan, {
    run: run.id,
    kinds: adoptKinds,
    perform: async (step) => {
      host.verify()
      requireLock(lost)
      await waves.enter(step)
      await perform(step)
      if (step.managed.member) await engine.server.leave(step.managed.database)
    },
    report,
    interrupt: context.interrupt,
    stop: context.stop,
    resume: `${command} --confirm yes`,
    gate: (step, failed) => (failed.size > 0 && lost.aborted) || gate(step, failed),
  })
  if (result.status === 'done') report.result(renderAdopted(environment.name, proofs))
  return concludeFleets(result, plan, { rolled, lost: lost.aborted })
}
