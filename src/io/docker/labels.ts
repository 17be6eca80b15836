/** On what a run makes: by these a later run, and whoever looks, knows what it is and whose. */
export const labels = {
  run: 'po-migrate.run',
  environment: 'po-migrate.environment',
  /** The project's id; absent on what releases made that knew none. */
  project: 'po-migrate.project',
  /** The server that it speaks to: the id of its container, or by what it is known. */
  server: 'po-migrate.server',
  databases: 'po-migrate.databases',
  /** The volume on which it works. */
  volume: 'po-migrate.volume',
  /** The volume whose data a copy holds. */
  copyOf: 'po-migrate.copy-of',
  /** The place of its run in the project's order. */
  sequence: 'po-migrate.sequence',
  /** The run that emptied a volume: it need not do it again. */
  wipedBy: 'po-migrate.wiped-by',
  /** The volume that a container guards, and who holds it. */
  guard: 'po-migrate.guard',
  holder: 'po-migrate.holder',
} as const

/** By which compose knows again what it made. Source: https://docs.docker.com/reference/compose-file/services/#labels */
export const composeLabels = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  /** `True` on a container of `docker compose run`. */
  oneOff: 'com.docker.compose.oneoff',
  volume: 'com.docker.compose.volume',
} as const

/** Names of databases are anybody's, and may have a comma. */
const escapeName = (name: string): string => name.replaceAll('%', '%25').replaceAll(',', '%2C')

const writeDatabases = (names: readonly string[]): string => [...new Set(names)].map(escapeName).join(',')

/** Whether one of these is among the databases that a container's run may touch. */
export const hasDatabase = (found: Readonly<Record<string, string>>, names: ReadonlySet<string>): boolean =>
  (found[labels.databases] ?? '')
    .split(',')
    .some((escaped) => names.has(escaped.replaceAll('%2C', ',').replaceAll('%25', '%')))

export type Made = {
  run: string
  project?: string | undefined
  environment?: string | undefined
  server?: string | undefined
  databases?: readonly string[] | undefined
  volume?: string | undefined
  copyOf?: string | undefined
  sequence?: number | undefined
}

/** What is said of it, and nothing of what is not. */
export const labelsOf = ({ databases, ...made }: Made): Record<string, string> => {
  const entries = Object.entries(made).flatMap(([key, value]) =>
    value ? [[labels[key as keyof typeof labels], String(value)] as const] : [],
  )
  return {
    ...Object.fromEntries(entries),
    ...(databases && { [labels.databases]: writeDatabases(databases) }),
  }
}
