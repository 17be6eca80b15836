import { fewNames } from '../fleet/tell.ts'
import type { Run } from '../frame/run.ts'
import { placeVersions } from '../io/postgres/read-database.ts'
import type { Context } from '../model/context.ts'
import type { Aside } from '../model/plan.ts'
import type { DatabaseState } from '../model/types.ts'
import { requireSome } from '../plan/aside.ts'
import { confirm } from '../report/confirm.ts'
import { openPresence } from '../run/presence.ts'
import { nothingDone, type RunResult } from '../run/run-result.ts'
import { readDatabases } from '../run/world.ts'
import { renderProofs } from './adopt-report.ts'
import { openBuilds } from './builds.ts'
import { openBench, unlessInterrupted } from './open-bench.ts'
import { adoptable, adoptCommandLine, planAdopt, requireFit, requireProven } from './plan/adopt.ts'
import { openProver, type PrefixProof } from './prove-prefix.ts'
import { type AdoptParts, type AdoptRequest, type Asked, recordAdopted } from './record-adopted.ts'

const prove = async (
  { run, config, environment, engine, live }: AdoptParts,
  databases: readonly DatabaseState[],
  { options, context }: Asked,
): Promise<PrefixProof[]> => {
  const { report } = run
  const request = { config, environment, engine, run: run.id, report, databases }
  await using bench = await openBench(request, context)
  const { allowDifference: allowed } = options
  const { interrupt: signal } = context
  const builds = openBuilds(live.server.user, signal)
  const prover = openProver({ bench, builds, live, allowed, signal, onProgress: report.progress })
  const proofs: PrefixProof[] = []
  for (const state of databases) {
    const { managed } = state
    report.progress(`${managed.database}: looked at (${proofs.length + 1} of ${databases.length})`)
    proofs.push(await prover(state, managed.versions ?? (await placeVersions(engine.server, managed))))
    if (managed.member) await engine.server.leave(managed.database)
  }
  return proofs
}

const asProofs = (proofs: readonly PrefixProof[]) =>
  proofs.map((proof) => ({ ...proof, managed: proof.state.managed }))

/** Of a database of which nothing is to be proven, why; of one of a fleet that cannot be read, more is said. */
const reasonOf = ({ managed, exists, obstacle, applied }: DatabaseState): string | undefined => {
  if (obstacle) return managed.member ? undefined : obstacle.message
  return exists ? `${applied.length} recorded already` : 'does not exist'
}

/** Those of which nothing is to be proven, of a fleet together. */
const tellOthers = (databases: readonly DatabaseState[], { report }: Run): void => {
  const open = new Set(adoptable(databases))
  const closed = databases.flatMap((state) => {
    const why = open.has(state) ? undefined : reasonOf(state)
    return why === undefined ? [] : { ...state.managed, why }
  })
  const groups = Map.groupBy(closed, ({ member, name, why }) => (member ? `${member.fleet}: ${why}` : name))
  for (const group of groups.values()) {
    const [{ database, member, why } = { database: '', why: '' }] = group
    const keys = group.map((one) => one.member?.key ?? one.database)
    const who = member ? `${member.fleet}: ${fewNames(keys)}` : database
    report.note(`${who}: ${why}`)
  }
}

/** Databases of fleets that cannot be read. */
const asideOf = (databases: readonly DatabaseState[]): Aside[] =>
  databases.flatMap(({ managed, obstacle }) => (managed.member && obstacle ? { ...obstacle, managed } : []))

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
  requireProven(asProofs(proofs), options)
  const plan = planAdopt(options, asProofs(proofs), asideOf(databases))
  requireSome(plan)
  if (plan.steps.length === 0) {
    run.start(plan)
    run.report.result(`${environment.name}: nothing to record.\n`)
    return nothingDone
  }
  const given = options.confirm ?? context.env.CONFIRM
  const command = `${adoptCommandLine(options)} --confirm yes`
  await confirm({ about: `Recording this in ${environment.name}`, answer: 'yes', given, command }, context)
  return await recordAdopted(parts, proofs, { ...asked, plan })
}
