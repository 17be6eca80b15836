import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { PGlite } from '@electric-sql/pglite'
import { Secret } from '../../model/secret.ts'
import { openServer, type Server } from '../postgres/postgres.ts'
import { type Backend, type Session, shareBackend } from './backend.ts'
import { serveConnection } from './connection.ts'
import { openData, removeData } from './data.ts'
import type { EmbeddedPackages } from './packages.ts'
import { parseErrorFields, parseMessages, queryMessage } from './protocol.ts'

export type EmbeddedServer = AsyncDisposable & {
  address: string
  port: number
  /** DETAIL, HINT and CONTEXT of the last error of this simple query, as Postgres would log them. */
  logged: (statement: string) => readonly string[]
  /** What pg_dump writes of a database, with these arguments. */
  dump: (database: string, args: readonly string[]) => Promise<string>
  /** Removes the data of a database that was dropped: one of its name begins empty. */
  forget: (database: string) => Promise<void>
}

const address = '127.0.0.1'
const maintenance = 'postgres'
const front: Session = { settings: {} }

const existsSql = (database: string): string =>
  `select from pg_catalog.pg_database where datname = '${database.replaceAll("'", "''")}'`

const shownFields = { D: 'DETAIL', H: 'HINT', W: 'CONTEXT' }

const keepErrors = () => {
  const kept = new Map<string, string[]>()
  return {
    onAnswer: (messages: Buffer, answer: Buffer): void => {
      const [query] = parseMessages(messages)
      const error = parseMessages(answer).find(({ type }) => type === 'E')
      if (query?.type !== 'Q' || !error) return
      const found = parseErrorFields(error.body)
      const lines = Object.entries(shownFields).flatMap(([code, title]) =>
        found[code] ? `${title}: ${found[code]}` : [],
      )
      kept.set(query.body.toString('utf8').slice(0, -1).trim(), lines)
    },
    logged: (statement: string): readonly string[] => kept.get(statement.trim()) ?? [],
  }
}

/** One PGlite a database, opened at first use, one after the other. */
const openInstances = (directory: string, packages: EmbeddedPackages) => {
  const instances = new Map<string, Promise<{ pglite: PGlite; backend: Backend }>>()
  let last: Promise<unknown> = Promise.resolve()
  const start = async (database: string) => {
    const pglite = await openData(directory, database, packages)
    return { pglite, backend: shareBackend(pglite) }
  }
  const enqueue = (database: string) => {
    const instance = last.then(() => start(database))
    instances.set(database, instance)
    last = instance.catch(() => {})
    return instance
  }
  const open = async (database: string): Promise<Backend> =>
    (await (instances.get(database) ?? enqueue(database))).backend
  const forget = async (database: string): Promise<void> => {
    const instance = instances.get(database)
    instances.delete(database)
    await instance?.then(({ pglite }) => pglite.close())
    removeData(directory, database)
  }
  const close = async (): Promise<void> => {
    for (const instance of await Promise.allSettled(instances.values()))
      if (instance.status === 'fulfilled') await instance.value.pglite.close()
  }
  return { open, forget, close }
}

/**
 * Serves the databases below a directory on a free port of the loopback address: a database is what `pg_database` of
 * `postgres` lists, and each has a PGlite of its own. Nobody else may have the directory open.
 */
export const startEmbeddedServer = async (
  directory: string,
  packages: EmbeddedPackages,
): Promise<EmbeddedServer> => {
  const { open, forget, close } = openInstances(directory, packages)
  const { onAnswer, logged } = keepErrors()
  const exists = async (database: string): Promise<boolean> => {
    const answer = await (await open(maintenance)).send(front, queryMessage(existsSql(database)))
    return parseMessages(answer).some(({ type }) => type === 'D')
  }
  await open(maintenance)
  const connections = new Map<Socket, Promise<void>>()
  const server = createServer((socket) => {
    const served = serveConnection(socket, { exists, open, onAnswer })
    connections.set(socket, served)
    void served.then(() => connections.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, address, resolve)
  })
  return {
    address,
    port: (server.address() as AddressInfo).port,
    logged,
    dump: async (database, args) => (await open(database)).alone((pglite) => packages.dump(pglite, args)),
    forget,
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const socket of connections.keys()) socket.destroy()
      await Promise.all(connections.values())
      await close()
    },
  }
}

/** Its sessions: without a password, and nobody waits for what is in this process. */
export const connectEmbedded = (
  { address: host, port }: EmbeddedServer,
  { user, run }: { user: string; run: string },
): Server =>
  openServer({
    label: 'PGlite in this process',
    ...{ host, port, credentials: { user, password: new Secret('') } },
    applicationName: run,
    wait: 0,
    passwordHint: '',
  })
