import { createHash } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { usageError } from '../../errors.ts'
import { sessionName } from '../../model/session.ts'
import type { Dbmate, PlannedFile } from '../dbmate/dbmate.ts'
import { openProbe } from '../dbmate/probe.ts'
import { isNumeric, type Way } from '../docker/way.ts'
import type { Engine } from '../engine.ts'
import { endSessions, readLiveRuns } from '../postgres/backends.ts'
import { openLockSession, openServer, type Server } from '../postgres/postgres.ts'
import { type AddressedOptions, connectionOf } from '../server-connection.ts'
import { type Binary, type BinaryOptions, digestOf, findBinary } from './binary.ts'
import { openNativeDbmate, requireRoom } from './dbmate.ts'

export type NativeEngineOptions = AddressedOptions & {
  dbmate: BinaryOptions
  /** Where a run's directory is made. */
  temporary: string
}

type Opened = {
  options: NativeEngineOptions
  server: Server
  binary: Binary
  /** Of the server's run directories. */
  prefix: string
  way: Way
}

/** What killed runs against this server left: their files, and nothing secret. */
const reap = async (server: Server, temporary: string, prefix: string): Promise<void> => {
  const left = readdirSync(temporary).filter((name) => name.startsWith(prefix))
  if (left.length === 0) return
  const alive = await readLiveRuns(server)
  for (const name of left) {
    const [run = ''] = name.slice(prefix.length).split('.')
    if (alive.has(run)) continue
    try {
      rmSync(join(temporary, name), { recursive: true, force: true })
    } catch {
      // Another user's.
    }
  }
}

/** dbmate, shown to reach the very server that this process reads and locks: a name may have several addresses. */
const openProven = async (opened: Opened, files: readonly PlannedFile[], lane = 0): Promise<Dbmate> => {
  const { options, server, binary, prefix, way } = opened
  const { environment, address, credentials, run, temporary, dbmate: given } = options
  await reap(server, temporary, prefix)
  await using probe = await openProbe({ server, way, environment: environment.name })
  const dbmate = openNativeDbmate({
    ...{ run, way, credentials, file: binary.file, path: given.path },
    work: join(temporary, `${prefix}${run}${lane > 0 ? `.${lane + 1}` : ''}`),
    address: address.host,
    port: address.port,
    files: [...files, probe.file],
  })
  return await probe.judge(dbmate)
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)

/**
 * The docker engine without Docker: dbmate's binary as a process of this machine, against a server at an address. No socket of an
 * engine is looked for.
 */
export const openNativeEngine = (options: NativeEngineOptions): Engine => {
  const { run } = options
  const connection = connectionOf(options)
  const { address } = connection
  const server = openServer(connection)
  let found: Promise<Binary> | undefined
  const binary = (): Promise<Binary> => {
    found ??= findBinary(options.dbmate)
    return found
  }
  return {
    server,
    unshared: usageError(
      'the native engine has no Docker for a scratch server.',
      'run it where Docker is, with engine: docker',
    ),
    lockSession: () => openLockSession(connection, run),
    dbmateVersion: async () => `dbmate ${(await binary()).version}`,
    imageId: async () => digestOf((await binary()).file),
    cancel: (database) => endSessions(server, sessionName(run, 'dbmate'), database),
    // Nothing to pull, and what is not there is said before anything is planned.
    missingImage: async () => {
      requireRoom(options.temporary)
      await binary()
      return undefined
    },
    pull: async () => {},
    openDbmate: async (files, lane) => {
      await server.query(server.maintenance, 'select 1')
      const answered = address.answered()
      const way: Way = {
        network: '',
        gateway: false,
        tls: address.tls,
        ...(answered !== undefined && !isNumeric(address.host) && { hostaddr: answered }),
      }
      const prefix = `po-migrate-${shortHash(address.system() ?? server.label)}-`
      return openProven({ options, server, binary: await binary(), prefix, way }, files, lane)
    },
    // Its log is out of reach.
    logged: async () => [],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
