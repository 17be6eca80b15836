import { availableParallelism } from 'node:os'
import type { Config } from '../config/load.ts'
import { dbmateImage } from '../config/resolve.ts'
import { stateOf } from '../config/state.ts'
import { portionsOf } from '../fleet/portions.ts'
import { gateOf, type Rolled, rolledOf } from '../fleet/rollout.ts'
import type { Run } from '../frame/run.ts'
import type { Engine } from '../io/engine.ts'
import type { HostLock } from '../io/host/host-lock.ts'
import { anyLost } from '../io/postgres/lock.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import { performWith } from '../model/kind.ts'
import type { Plan } from '../model/plan.ts'
import type { Environment } from '../model/types.ts'
import { requireSome } from '../plan/aside.ts'
import { requireAllowed, requireShown } from '../plan/up.ts'
import { type UpStep, upKinds } from '../rehearsal/steps/up-kinds.ts'
import { wishOf } from '../rehearsal/with-rehearsal.ts'
import { watchApplied } from '../run/applied.ts'
import { concludeFleets, setAside } from '../run/conclude-fleets.ts'
import { execute } from '../run/execute.ts'
import { jobsOf } from '../run/jobs.ts'
import { lockDatabases } from '../run/lock-databases.ts'
import { explainGone } from '../run/member-gone.ts'
import { openLanes } from '../run/open-lanes.ts'
import { readProvenance } from '../run/provenance.ts'
import { requireLock } from '../run/require-lock.ts'
import type { RunResult } from '../run/run-result.ts'
import { settleFindings } from '../run/settle.ts'
import { settleMembers } from '../run/settle-members.ts'
import { takeInFiles } from '../run/take-in.ts'
import { openWaves } from '../run/waves.ts'
import { confirmed, isGiven, type PlannedVerb } from './planned-verb.ts'
import { reportNothing } from './report-nothing.ts'

type Opened = {
  run: Run
  config: Config
  environment: Environment
  engine: Engine
  host: HostLock
  holder: Holder
  /** The plan that was shown, and perhaps confirmed, before the lock was there. */
  shown: Plan<UpStep>
}

type About = { config: Config; environment: Environment; rolled: readonly Rolled[] }

/** Rolling back is about one database. */
const jobsFor = ({ verb, jobs: given }: PlannedVerb, { config, environment, rolled }: About): number => {
  if (verb !== 'up') return 1
  const { connections } = config
  const isEmbedded = environment.engine === 'embedded'
  const hasFleet = rolled.some(isMany)
  return jobsOf({ given, connections, isEmbedded, cores: availableParallelism(), hasFleet })
}

const isMany = ({ databases }: Rolled): boolean => databases.length > 1

/** Under the lock the world is read again: what another run did meanwhile is not in the plan any more. */
export const runLocked = async (opened: Opened, verb: PlannedVerb, context: Context): Promise<RunResult> => {
  const { run, config, environment, engine, host, holder, shown } = opened
  const { report } = run
  const { interrupt, stop } = context
  const { lockWait } = verb.options
  await using lock = await lockDatabases({ engine, environment, holder, lockWait, report }, context)
  const { databases, planned: found } = await verb.plan(environment, engine)
  requireAllowed(found, confirmed(verb.command, isGiven(verb, environment, context)))
  const named = databases.filter(({ managed }) => !managed.member)
  const settled = await settleMembers(engine.server, databases)
  for (const line of [...(await settleFindings(engine.server, named)), ...settled.lines]) report.note(line)
  const planned = setAside(found, settled.aside)
  requireShown(shown, planned, verb.look ?? verb.command)
  if (verb.takesIn) {
    // What was settled a moment ago is in the ledger, though not in what was read before.
    const known = databases.filter(({ open }) => !open)
    // Nothing runs for it, and no image is asked for.
    const unrun = { ...engine, imageId: async () => '' }
    const provenance = () => readProvenance({ config, environment, engine: unrun }, context)
    for (const line of await takeInFiles(engine.server, known, { run: run.id, provenance })) report.note(line)
  }
  requireSome(planned)
  if (planned.steps.length === 0) return reportNothing(run, environment, { planned, databases })
  const rolled = rolledOf(environment.fleets ?? [], planned.steps)
  const jobs = jobsFor(verb, { config, environment, rolled })
  run.start(planned, jobs)
  const provenance = () => readProvenance({ config, environment, engine }, context)
  const applied = watchApplied(engine.server, databases)
  const { name, lockTimeout } = environment
  const lost = anyLost(host, lock)
  const given = { engine, environment: name, lockTimeout, provenance, applied, lost, interrupt, stop }
  await using lanes = openLanes(planned.steps, { ...given, run: run.id, onProgress: report.progress })
  interrupt.addEventListener('abort', lanes.halt)
  engine.server.reserve(jobs - 1)
  const rehearsal = {
    ...{ environment, databases, interrupt, stop, report, steps: planned.steps, image: dbmateImage(config) },
    project: stateOf(config, environment.host, context.env).project,
    wish: wishOf(environment, verb.rehearse),
  }
  const waves = openWaves(rolled, lock)
  const gate = gateOf(rolled, verb)
  const started = performance.now()
  const result = await execute(planned, {
    run: run.id,
    kinds: upKinds,
    portions: { jobs, of: portionsOf(planned.steps, { rolled, named: verb.jobs !== undefined }) },
    perform: async (step, lane) => {
      if (!(await lanes.isBegun(step))) {
        host.verify()
        requireLock(lost)
      }
      await waves.enter(step)
      return await performWith(upKinds, { ...lanes.of(lane), rehearsal })(step).catch((error) => {
        throw explainGone(error, step)
      })
    },
    isBegun: lanes.isBegun,
    report,
    interrupt,
    stop,
    resume: confirmed(verb.resume?.({ planned, databases }) ?? verb.command, verb.asks(environment)),
    // Without its lock a run starts nothing: that is no failure of the databases that are left.
    gate: (step, failed) => (failed.size > 0 && lost.aborted) || gate(step, failed),
  })
  const ms = performance.now() - started
  if (result.status === 'done')
    report.result(verb.summarize({ environment: environment.name, outcomes: result.outcomes, ms }))
  return concludeFleets(result, planned, { rolled, lost: lost.aborted })
}
