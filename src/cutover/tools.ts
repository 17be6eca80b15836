import type { AppError } from '../errors.ts'
import type { DockerHost } from '../io/docker/host.ts'
import type { Owner } from '../io/docker/throwaway.ts'
import type { Context } from '../model/context.ts'
import type { CutoverFrame } from '../model/cutover.ts'
import type { Facts } from '../model/journal.ts'
import type { Kind } from '../model/kind.ts'
import type { State } from '../model/state.ts'
import type { Step } from '../model/step.ts'
import type { CutoverSettings, Host, Stack } from '../model/types.ts'
import type { Report } from '../report/report.ts'
import type { ServerSide } from './server-side.ts'

/** A host that a cutover can be made of. */
export type CutoverHost = Host & { volume: string; stack: Stack; cutover: CutoverSettings }

/** What the steps of a cutover act with. */
export type CutoverTools = {
  frame: CutoverFrame
  host: CutoverHost
  docker: DockerHost
  /** Before each step: asks for the host's lock and the volume's guard. @throws AppError (exit 1) when either is lost. */
  verify: () => Promise<void>
  /** Aborted, with an AppError, when the host's lock or the guard is lost: then nothing more may start. */
  lost: AbortSignal
  servers: ServerSide
  /** Of this process: a resumed cutover has the id of the first. */
  run: string
  /** Present image with a shell and the GNU tools, for work on volumes. */
  image: string
  /** Directory of journals, backups and logs. */
  state: State
  passEnv: readonly string[]
  interrupt: AbortSignal
  stop: AbortSignal
  report: Report
}

/** Whose the containers and volumes are that work for a while on the host's volume. */
export const ownerOf = ({ host, run, state }: Pick<CutoverTools, 'host' | 'run' | 'state'>): Owner => ({
  volume: host.volume,
  run,
  project: state.project,
})

/** What a step does, and what it leaves for later ones. */
export type StepResult = Facts | undefined

/** What the effect of a step has: its tools, and what earlier steps left. */
export type CutoverAct = { tools: CutoverTools; facts: Facts; context: Context }

/** The step that has to be done again before this one, since what it left is gone. */
export type Lack = { again: Step; why: string; error: AppError }

export type CutoverKind<S extends Step> = Kind<S, CutoverAct, StepResult> & {
  /** Read before its effect; the loop writes into the journal where the run goes back to. */
  findLack?: (step: S, act: CutoverAct) => Promise<Lack | undefined>
}
