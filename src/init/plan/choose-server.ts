import type { Answers, Facts, FoundServer, Question, UrlFacts } from './facts.ts'

export type ServerChoice = {
  server?: FoundServer | undefined
  /** Other servers answer on its network: it has to be named. */
  named: boolean
  /** Nothing was found at all: one has to be made. */
  missing: boolean
  questions: readonly Question[]
}

const localHosts = new Set(['localhost', '127.0.0.1', '::1', '0.0.0.0', 'host.docker.internal'])

export const isLocal = ({ host }: UrlFacts): boolean => localHosts.has(host)

/** Whether a URL leads to this server: by its name on the network, or by its published port. */
const leadsTo =
  (url: UrlFacts) =>
  ({ service, published }: FoundServer): boolean =>
    url.unusable === undefined && (isLocal(url) ? published.includes(url.port) : service === url.host)

/** Who migrated so far owns the tables: the URL's user goes on, with its password. */
const asInUrl = (server: FoundServer, url: UrlFacts | undefined): FoundServer => {
  if (!url || !leadsTo(url)(server)) return server
  const { file, key, user, database = server.database, hasPassword } = url
  if (file === undefined) return { ...server, database }
  return { ...server, user, database, ...(hasPassword && { password: { kind: 'key', file, key } }) }
}

const labelOf = ({ service, network }: FoundServer): string => `${service} on ${network}`

const newOne = 'a new one, in compose.yaml'

/** Another project's is never suggested. */
const ask = (candidates: readonly FoundServer[], isMissing: boolean): Question => {
  const choices = [...candidates.map(labelOf), ...(isMissing ? [newOne] : [])]
  const [first = newOne] = choices
  return {
    id: 'server',
    ask: 'Which Postgres is to be migrated?',
    choices,
    suggestion: isMissing ? newOne : first,
  }
}

/**
 * The server of the project: where its URL leads, else the one of its compose file, else one that runs here and that
 * somebody chooses: another project's is never taken unasked.
 */
export const chooseServer = (facts: Facts, answers: Answers): ServerChoice => {
  const { compose, url, others } = facts
  const own = (compose?.servers ?? []).filter(({ network }) => network !== undefined)
  const ledTo = url ? [...own, ...others].filter(leadsTo(url)) : []
  const candidates = ledTo.length > 0 ? ledTo : own
  const choosable = candidates.length > 0 || url ? candidates : others
  const chosen = choosable.find((one) => labelOf(one) === answers.server)
  const server = chosen ?? candidates[0]
  const isMissing = !compose && !url && candidates.length === 0
  const isOpen = choosable.length > 1 || (choosable.length === 1 && candidates.length === 0)
  const questions = isOpen ? [ask(choosable, isMissing)] : []
  const neighbours = [...own, ...others].filter(({ network }) => network === server?.network)
  return {
    server: server && asInUrl(server, url),
    named: neighbours.length > 1,
    missing: isMissing && !server,
    questions,
  }
}
