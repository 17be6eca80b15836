import type { ContainerInfo } from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import { runIdPattern } from '../../model/session.ts'
import type { Docker } from '../docker/docker.ts'
import { hasDatabase, labels } from '../docker/labels.ts'
import { removeContainer } from '../docker/remove-container.ts'
import { readContainer } from '../docker/stack.ts'
import { isForeign } from '../docker/throwaway.ts'
import { endBackends, readLiveRuns } from './backends.ts'
import { interruptedWait, pauseUnless } from './lock.ts'
import type { Server } from './postgres.ts'

/**
 * What a run left that died: its dbmate container, or a backend that still executes its file. `foreign`: the project whose
 * run it was, where that is another one, which manages these databases too.
 */
export type Orphans = {
  containers: readonly { id: string; name: string; run: string; running: boolean; foreign?: string }[]
  backends: readonly { pid: number; run: string; database: string; query: string; foreign?: string }[]
  /** Whether a run that counts as alive has a container there. */
  besideLiving: boolean
}

/**
 * The engine, and by what the server is known on it: another one may have databases of the same names. `projects`: ids that
 * count as this project; `run`: of who asks, where it has containers there and no lock.
 */
export type ServerHost = { docker: Docker; id: string; projects: readonly string[]; run?: string }

const backendsSql = `
select a.pid, substring(a.application_name from '${runIdPattern}') as run, a.datname as database, left(a.query, 200) as query
from pg_catalog.pg_stat_activity a
where a.datname = any($1) and a.application_name ~ '${runIdPattern} dbmate$'`

const touches = ({ Labels }: ContainerInfo, databases: readonly string[]): boolean =>
  hasDatabase(Labels, new Set(databases))

const foreignOf = (
  found: Readonly<Record<string, string>>,
  host: ServerHost | undefined,
): { foreign?: string } => {
  const project = found[labels.project]
  return project !== undefined && isForeign(found, host?.projects ?? []) ? { foreign: project } : {}
}

const isRunning = ({ State }: ContainerInfo): boolean => State === 'running' || State === 'paused'

/** Of a server without a container nobody here can tell whether it is gone. */
const containerId = /^[0-9a-f]{64}$/

/** Of runs against this server; and dead ones whose server is gone, since nobody else will look for them. */
const listRuns = async ({ docker, id }: ServerHost): Promise<ContainerInfo[]> => {
  const all = await docker.listContainers({ all: true, filters: { label: [labels.run, labels.server] } })
  const found = await Promise.all(
    all.map(async (one) => {
      const server = one.Labels[labels.server] ?? ''
      if (server === id) return [one]
      if (isRunning(one) || !containerId.test(server)) return []
      return (await readContainer(docker, server)) ? [] : [one]
    }),
  )
  return found.flat()
}

export const findOrphans = async (
  host: ServerHost | undefined,
  server: Server,
  databases: readonly string[],
): Promise<Orphans> => {
  const [containers, alive, backends] = await Promise.all([
    host ? listRuns(host) : [],
    readLiveRuns(server),
    server.query<{ pid: number; run: string; database: string; query: string }>(
      server.maintenance,
      backendsSql,
      [databases],
    ),
  ])
  const touching = containers.filter((container) => touches(container, databases))
  if (host?.run) alive.add(host.run)
  const isOrphan = ({ Labels }: ContainerInfo): boolean => !alive.has(Labels[labels.run] ?? '')
  const foreign = new Map(containers.map(({ Labels }) => [Labels[labels.run], foreignOf(Labels, host)]))
  return {
    besideLiving: !touching.every(isOrphan),
    containers: touching.filter(isOrphan).map((container) => ({
      id: container.Id,
      name: container.Names[0]?.slice(1) ?? container.Id.slice(0, 12),
      run: container.Labels[labels.run] ?? '',
      running: isRunning(container),
      ...foreignOf(container.Labels, host),
    })),
    backends: backends
      .filter(({ run }) => !alive.has(run))
      .map((backend) => ({ ...backend, ...foreign.get(backend.run) })),
  }
}

const poll = 250
const moment = 500

const whose = ({ foreign }: { foreign?: string }): string =>
  foreign === undefined ? '' : ` (of the project ${foreign})`

/** `container po-migrate-…, backend 4711 in crm`. */
export const describeOrphans = ({ containers, backends }: Orphans): string =>
  [
    ...containers.map((one) => `container ${one.name}${whose(one)}`),
    ...backends.map((one) => `backend ${one.pid} in ${one.database}${whose(one)}`),
  ].join(', ')

/** What is this project's to end, and to remove. */
export const ownOrphans = ({ containers, backends, besideLiving }: Orphans): Orphans => ({
  besideLiving,
  containers: containers.filter(({ foreign }) => foreign === undefined),
  backends: backends.filter(({ foreign }) => foreign === undefined),
})

export const isClean = ({ containers, backends }: Pick<Orphans, 'containers' | 'backends'>): boolean =>
  containers.length === 0 && backends.length === 0

const stillRunning = ({ containers, backends, besideLiving }: Orphans): Orphans => ({
  besideLiving,
  containers: containers.filter(({ running }) => running),
  backends,
})

export type SettleOptions = {
  host: ServerHost | undefined
  server: Server
  databases: readonly string[]
  /** Milliseconds to wait for what still runs. */
  wait: number
  interrupt: AbortSignal
  onWait: (what: string, left: number) => void
  /** `po-migrate lock release ENV`. */
  release: string
}

/**
 * Waits until nothing of a dead run works on these databases any more, and removes the containers it left, but for another
 * project's. Called under the lock: it never touches what belongs to a live lock session.
 * @throws AppError (exit 5) when something still runs after the wait; 130 or 143 when it was interrupted.
 */
export const settleOrphans = async (options: SettleOptions): Promise<string[]> => {
  const { host, server, databases, wait, interrupt, onWait, release } = options
  const deadline = performance.now() + wait
  let again = true
  for (;;) {
    const orphans = await findOrphans(host, server, databases)
    const busy = describeOrphans(stillRunning(orphans))
    // A run that was killed a moment ago counts as alive until Postgres has noticed.
    if (!busy && orphans.besideLiving && again) {
      again = false
      await pauseUnless(interrupt, moment)
      continue
    }
    if (!busy) {
      const { containers } = ownOrphans(orphans)
      await Promise.all(containers.map(({ id }) => host && removeContainer(host.docker, id)))
      return containers.map(({ name }) => name)
    }
    const left = deadline - performance.now()
    if (interrupt.aborted) throw interruptedWait(interrupt)
    if (left <= 0)
      throw new AppError(`A run that died left something at work on ${databases.join(', ')}: ${busy}.`, {
        exitCode: exitCodes.locked,
        details: ['It goes on with the file it was running.'],
        hint: isClean(ownOrphans(stillRunning(orphans)))
          ? `wait for it, or end it where it was begun: ${release}`
          : `wait for it, or end it: ${release}`,
      })
    onWait(busy, left)
    await pauseUnless(interrupt, Math.min(poll, left))
  }
}

/** Ends the backends and removes the containers of this project's dead runs on these databases. */
export const endOrphans = async (
  host: ServerHost | undefined,
  server: Server,
  databases: readonly string[],
): Promise<Orphans> => {
  const orphans = ownOrphans(await findOrphans(host, server, databases))
  await Promise.all(orphans.containers.map(({ id }) => host && removeContainer(host.docker, id)))
  await endBackends(
    server,
    orphans.backends.map(({ pid }) => pid),
  )
  return orphans
}
