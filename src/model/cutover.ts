import { quoteAll } from './quote.ts'
import type { CutoverSettings } from './types.ts'

/** A container of an application stack, as it was before the first stop. */
export type KeptContainer = {
  id: string
  name: string
  project: string
  /** Id of its image: an operator's shell has no IMAGE_TAG to make the same container again. */
  image: string
  healthy: boolean
}

/** What Docker was told of a volume. */
export type VolumeMade = {
  driver: string
  options: Readonly<Record<string, string>>
  labels: Readonly<Record<string, string>>
}

/** What a journal begins with: everything that its steps act on, as it was then. */
export type CutoverFrame = {
  run: string
  /** Whose run it is; frames of older releases have none, and belong to whoever has the volume. */
  project?: string
  /** Its place among the runs of the project, which no clock decides. */
  sequence?: number
  /** Of the server that ran on the volume when the run began: to be looked at, never to refuse. */
  systemIdentifier?: string
  command: 'cutover' | 'undo'
  host: string
  /** The volume with the Postgres data. */
  volume: string
  /** Where in it the data lie, `.` for its root; absent in frames of older releases and of an empty volume. */
  data?: string
  /** Name of the volume that keeps what this run replaces. */
  copy: string
  /** Undo: the copy that comes back; absent when nothing had been wiped. */
  from?: string
  /** Undo: id of the image that ran on what comes back. */
  fromImage?: string
  /** Undo: how the volume was made, should the run that it takes back have died when it was gone. */
  made?: VolumeMade
  /** Undo: the run that it takes back. */
  of?: string
  environments: readonly string[]
  /** By environment, the config of the checkout that supplies its migrations: what was rehearsed is what is applied. */
  configs?: Readonly<Record<string, string>>
  /** Application containers, stopped and started by id. */
  containers: readonly KeptContainer[]
  /** Id of the image that ran on the volume when the run began; absent when none did. */
  image?: string
  /** What no migration rebuilds, and what is to come along. */
  carried: { databases: readonly string[]; roles: readonly string[] }
  /** `--drop`: what need not. */
  dropped?: readonly string[]
}

/** The name under which a run keeps what it replaces. */
export const copyName = (volume: string, run: string): string => `${volume}-${run}`

/** The command of a new cutover, with what was given up; `confirmed`: of a host that asks. */
export const newCutover = (host: string, dropped: readonly string[], confirmed: boolean): string => {
  const drops = dropped.flatMap((name) => ['--drop', name])
  return quoteAll(['po-migrate', 'cutover', host, ...drops, ...(confirmed ? ['--confirm', 'yes'] : [])])
}

/** A host with an abort window is one whose data may go: a laptop's. */
export const isReset = ({ abortWindow }: CutoverSettings): boolean => abortWindow !== undefined
