/** Two projects on one host, each with a server of its own; their environments and databases have the same names. */
export const sites = ['first', 'second'] as const
export type SiteName = (typeof sites)[number]

/** By their suffix; both are on the one server of their site. */
export const stages = ['qual', 'prod'] as const
export type Stage = (typeof stages)[number]
/** Files are tried on copies first in one of them: where one fails, none is applied. */
export const rehearsed: ReadonlySet<Stage> = new Set(['prod'])

/** The second is so long that a name beside it has to be cut. */
export const stores = ['app', 'partner_onboarding_document_store'] as const
export type StoreName = (typeof stores)[number]

/** `index` runs outside a transaction, `failing` fails until it is mended, `slow` can be hit in its middle. */
export type FileKind = 'table' | 'slow' | 'index' | 'failing'

/**
 * What strikes the tool: so many milliseconds after it has said so many lines, or that a step of that kind begins. Not by the
 * time since its start: that would hit other steps on another machine.
 */
export type Fault = { kind: 'kill' | 'end-sessions'; at: number | string; after: number }

type At = { site: SiteName; stage: Stage }

export type Operation =
  | ({ op: 'up'; add: readonly { store: StoreName; kind: FileKind }[]; mend: boolean; fault?: Fault } & At)
  | ({ op: 'rollback'; store: StoreName; steps: number; fault?: Fault } & At)
  | ({ op: 'backup'; fault?: Fault } & At)
  /** Of the project's own backups of that environment, of the other project's, or of those of an older release. */
  | ({ op: 'restore'; of: 'own' | 'foreign' | 'old'; which: number; confirm: boolean; fault?: Fault } & At)
  /** From now on the tool of that site sees a clock that is so many days ahead. */
  | { op: 'clock'; site: SiteName; days: number }
  /** A backup as releases before `project:` wrote them, below the state directory itself. */
  | ({ op: 'old-backup' } & At)
