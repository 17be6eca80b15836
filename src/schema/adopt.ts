import type { Config } from '../config/load.ts'
import { AppError, exitCodes } from '../errors.ts'
import type { GlobalOptions } from '../frame/options.ts'
import type { Run } from '../frame/run.ts'
import type { HostLock } from '../io/host/host-lock.ts'
import { anyLost } from '../io/postgres/lock.ts'
import { placeVersions } from '../io/postgres/read-database.ts'
import type { SharedEngine } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import { performWith } from '../model/kind.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import { confirm } from '../report/confirm.ts'
import type { Paint } from '../report/paint.ts'
import { execute, nothingDone, type RunResult } from '../run/execute.ts'
import { lockDatabases } from '../run/lock-databases.ts'
import { openPresence } from '../run/presence.ts'
import { readProvenance } from '../run/provenance.ts'
import { requireLock } from '../run/require-lock.ts'
import { readDatabases } from '../run/world.ts'
import { renderAdopted, renderProofs } from './adopt-report.ts'
import { openBench, unlessInterrupted } from './open-bench.ts'
import {
  type AdoptCommand,
  adoptable,
  adoptCommandLine,
  planAdopt,
  requireFit,
  requireProven,
} from './plan/adopt.ts'
import { type PrefixProof, provePrefix } from './prove-prefix.ts'
import { readSchema } from './read-schema.ts'
import type { AdoptTools } from './steps/adopt-database.ts'
import { adoptKinds } from './steps/adopt-kinds.ts'
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

type Asked = { options: AdoptRequest; context: Context }

const prove = async (
  { run, config, environment, engine, live }: AdoptParts,
  databases: readonly DatabaseState[],
  { options, context }: Asked,
): Promise<PrefixProof[]> => {
  const { report } = run
  const request = { config, environment, engine, run: run.id, report, databases }
  await using bench = await openBench(request, context)
  const proofs: PrefixProof[] = []
  for (const state of databases) {
    const versions = state.managed.versions ?? (await placeVersions(engine.server, state.managed))
    const { allowDifference: allowed } = options
    const { interrupt: signal } = context
    proofs.push(
      await provePrefix(state, versions, { bench, live, allowed, signal, onProgress: report.progress }),
    )
  }
  return proofs
}

const key = /^\\(?:un)?restrict .*$/gm
const withoutKeys = (text: string): string => text.replace(key, '')

const planOf = ({ environment }: AdoptParts, proofs: readonly PrefixProof[]) =>
  planAdopt(
    environment.name,
    proofs.map((proof) => ({ ...proof, managed: proof.state.managed })),
  )

/** Between the proof and the lock somebody may have changed what was proven, or recorded it. */
const requireSame =
  (
    { engine, environment, live }: AdoptParts,
    proofs: readonly PrefixProof[],
    command: string,
  ): AdoptTools['requireUnchanged'] =>
  async ({ database, versions }) => {
    const proof = proofs.find(({ state }) => state.managed.database === database)
    const { text } = await readSchema(live, { database, versions })
    const states = await readDatabases(environment, engine.server)
    const state = states.find(({ managed }) => managed.database === database)
    if (withoutKeys(text) === withoutKeys(proof?.text ?? '') && state?.applied.length === 0) return
    throw new AppError(`${database} was changed since it was proven.`, {
      exitCode: exitCodes.refused,
      hint: command,
    })
  }

/** Under the locks what was proven is looked at once more, and recorded. */
const record = async (
  parts: AdoptParts,
  proofs: readonly PrefixProof[],
  { options, context }: Asked,
): Promise<RunResult> => {
  const { run, config, environment, engine, host, holder } = parts
  const { report } = run
  const { lockWait } = options
  const command = adoptCommandLine(options)
  await using lock = await lockDatabases({ engine, environment, holder, lockWait, report }, context)
  const lost = anyLost(host, lock)
  const plan = planOf(parts, proofs)
  run.start(plan)
  const perform = performWith(adoptKinds, {
    server: engine.server,
    run: run.id,
    provenance: () => readProvenance({ config, environment, engine }, context),
    requireUnchanged: requireSame(parts, proofs, command),
  })
  const result = await execute(plan, {
    run: run.id,
    kinds: adoptKinds,
    perform: (step) => {
      host.verify()
      requireLock(lost)
      return perform(step)
    },
    report,
    interrupt: context.interrupt,
    stop: context.stop,
    resume: `${command} --confirm yes`,
  })
  if (result.status === 'done') report.result(renderAdopted(environment.name, proofs))
  return result
}

/** Those of which nothing is to be proven, and why. */
const tellOthers = (databases: readonly DatabaseState[], { report }: Run): void => {
  const open = new Set(adoptable(databases))
  for (const state of databases) {
    if (open.has(state)) continue
    const { managed, exists, obstacle, applied } = state
    const why = exists ? `${applied.length} recorded already` : 'does not exist'
    report.note(`${managed.database}: ${obstacle?.message ?? why}`)
  }
}

/** What is proven is shown; it is recorded once that was confirmed. */
export const runAdopt = async (
  parts: AdoptParts,
  options: AdoptRequest,
  context: Context,
): Promise<RunResult> => {
  const { run, environment, engine, paint } = parts
  await using _presence = await openPresence(engine)
  const databases = await readDatabases(environment, engine.server)
  tellOthers(databases, run)
  const open = adoptable(databases)
  requireFit(open)
  const asked = { options, context }
  const proofs = open.length === 0 ? [] : await unlessInterrupted(context, () => prove(parts, open, asked))
  run.report.close()
  if (!options.json) context.stdout.write(renderProofs(proofs, paint))
  requireProven(
    proofs.map((proof) => ({ ...proof, managed: proof.state.managed })),
    options,
  )
  const plan = planOf(parts, proofs)
  if (plan.steps.length === 0) {
    run.start(plan)
    run.report.result(`${environment.name}: nothing to record.\n`)
    return nothingDone
  }
  const given = options.confirm ?? context.env.CONFIRM
  const command = `${adoptCommandLine(options)} --confirm yes`
  await confirm({ about: `Recording this in ${environment.name}`, answer: 'yes', given, command }, context)
  return await record(parts, proofs, asked)
}
