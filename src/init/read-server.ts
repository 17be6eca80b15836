import { join } from 'node:path'
import pMap from 'p-map'
import { readPassword } from '../config/password.ts'
import { cacheDirectory } from '../config/state.ts'
import { composeEnvironment } from '../io/docker/compose.ts'
import { openDockerHost } from '../io/docker/host.ts'
import { openDockerEngine } from '../io/docker-engine.ts'
import { shellUntil } from '../io/host/shell.ts'
import { readCandidates, readRole } from '../io/postgres/survey-server.ts'
import type { Context } from '../model/context.ts'
import { fewSessions, ownSessions } from '../model/few-sessions.ts'
import { Secret } from '../model/secret.ts'
import { defaultMaintenance } from '../model/sql.ts'
import type { Environment } from '../model/types.ts'
import { makeRunId } from '../run/run-id.ts'
import type { FoundServer, ServerFacts } from './plan/facts.ts'

const wait = 3
const allowed = { outOfOrder: 'allow', missing: 'allow', edited: 'refuse', warnings: 'allow' } as const

const environmentOf = ({ service, network = '', user, port, password }: FoundServer): Environment => ({
  name: 'dev',
  host: { name: 'local' },
  engine: 'docker',
  network,
  service,
  port,
  user,
  wait,
  confirm: false,
  policy: allowed,
  rehearse: 'off',
  lockTimeout: 0,
  maintenance: defaultMaintenance,
  databases: [],
  ...(password.kind === 'trust' && { auth: 'any' }),
})

const readSecret = ({ password }: FoundServer, root: string, { env }: Context): Secret | undefined => {
  if (password.kind === 'text') return password.value
  if (password.kind === 'trust') return new Secret('trust')
  if (password.kind === 'unknown') return undefined
  const path = join(root, password.file)
  const source =
    password.kind === 'whole'
      ? { key: '', files: [{ path, required: true, format: 'value' as const }] }
      : { key: password.key, files: [{ path, required: true }] }
  return readPassword(source, composeEnvironment(env, []))
}

export type ServerReading = { server?: ServerFacts; note?: string }

/** What a server says of its databases; where it cannot be asked now, why. Nothing is waited for that is not there. */
export const readServer = async (
  found: FoundServer,
  { root, image }: { root: string; image: string },
  context: Context,
): Promise<ServerReading> => {
  try {
    const password = readSecret(found, root, context)
    if (!password) return {}
    const host = await openDockerHost(context.env, shellUntil(context.stop))
    await using engine = await openDockerEngine(host, {
      environment: environmentOf(found),
      credentials: { user: found.user, password },
      image,
      project: '',
      projects: [],
      run: makeRunId(new Date()),
      passwordHint: '',
      onWait: () => {},
      connections: fewSessions + ownSessions,
      memory: cacheDirectory(context.env),
      note: () => {},
    })
    const { databases, ...role } = await readRole(engine.server)
    const candidates = await pMap(databases, (database) => readCandidates(engine.server, database), {
      concurrency: fewSessions,
    })
    return { server: { ...role, databases, versions: candidates.flat() } }
  } catch (error) {
    return { note: `The server was not asked: ${(error as Error).message}` }
  }
}
