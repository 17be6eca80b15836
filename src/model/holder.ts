/** Who runs, for whoever has to wait: stands in the lock session's last query. */
export type Holder = {
  run: string
  /** The verb, and the environment or host of the config that it is about; older releases wrote only the command. */
  verb?: string
  target?: string
  project?: string
  volume?: string
  systemIdentifier?: string
  user: string
  host: string
  pid: number
  /** The CI job's page. */
  job?: string
  command: string
  /** ISO 8601. */
  since: string
}

/** Whether this run is a cutover of that host, of one of these projects. */
export const isCutoverOf = (
  { verb, target, project, command }: Holder,
  host: string,
  projects: readonly string[],
): boolean => {
  if (verb !== undefined)
    return verb === 'cutover' && target === host && (project === undefined || projects.includes(project))
  const [, typed, of] = command.split(' ')
  return typed === 'cutover' && of === host
}

/** The server cuts `pg_stat_activity.query` at 1 kB. */
const limit = 880
const longestJob = 300
const comment = /^\/\* po-migrate (\{.*?\}) \*\//s

/** A SQL comment that carries the holder; a long command is cut, and nothing in it can end the comment. */
export const holderComment = (holder: Holder): string => {
  const { job, ...rest } = holder
  const named = { ...rest, ...(job && job.length <= longestJob && { job }) }
  // Postgres nests comments: neither an end nor a beginning may stand in this one.
  const encode = (command: string): string => JSON.stringify({ ...named, command }).replaceAll('*', '\\u002a')
  let command = holder.command
  while (Buffer.byteLength(encode(command)) > limit && command) command = command.slice(0, -8)
  return `/* po-migrate ${encode(command)} */`
}

/** The holder that stands in a query, if one does. */
export const parseHolder = (query: string): Holder | undefined => {
  const found = comment.exec(query)?.[1]
  if (found === undefined) return undefined
  try {
    return JSON.parse(found)
  } catch {
    return undefined
  }
}

/** `deploy@vps, pid 4711, "up qual", since 19:02:11 UTC (https://…/jobs/1)`. */
export const describeHolder = ({ user, host, pid, command, since, job }: Holder): string =>
  `${user}@${host}, pid ${pid}, "${command}", since ${since.slice(11, 19)} UTC${job ? ` (${job})` : ''}`
