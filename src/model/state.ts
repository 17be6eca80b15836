/** Where this project's locks, journals, records, backups and data stand. */
export type State = {
  /** The host's own directory, which several projects may share: `host.lock` stands there. */
  root: string
  /** Bears what belongs to a project: `project:` of the config, else the id of the config's path. */
  project: string
  /** `root/project`: everything that is written. */
  directory: string
  /** Ids of projects that count as this one: a config that got its `project:` later was known by its path before. */
  own: readonly string[]
}

export const projectName = /^[a-z0-9][a-z0-9_-]*$/i

/** Names that releases before `project:` used right below `root`. */
export const reservedNames: ReadonlySet<string> = new Set(['journals', 'backups', 'runs', 'logs', 'embedded'])

/** Directories of what is this project's for sure, the one that is written first. */
export const ownDirectories = ({ root, directory, own }: State): string[] => [
  ...new Set([directory, ...own.map((project) => `${root}/${project}`)]),
]

/** With the one of releases that knew no projects: what stands there is read where it stands, and never moved. */
export const allDirectories = (state: State): string[] => [...ownDirectories(state), state.root]
