import type { PGlite } from '@electric-sql/pglite'
import { parseErrorFields, parseMessages, queryMessage } from './protocol.ts'

/** One client's connection: the settings of its startup packet. */
export type Session = { settings: Record<string, string> }

/** PGlite is one backend; this lends it to several sessions, a transaction at a time. */
export type Backend = {
  /** Passes messages up to a Sync or a simple query on, and answers what comes back. */
  send: (session: Session, messages: Buffer) => Promise<Buffer>
  /** Rolls back what the session left open. */
  leave: (session: Session) => Promise<void>
  /** For what speaks to PGlite by itself: between the transactions of the others, in a new session. */
  alone: <T>(work: (pglite: PGlite) => Promise<T>) => Promise<T>
}

type Job = { session: Session; work: () => Promise<void> }

const idle = 'I'
/** After a Flush: more of the same batch is to come. */
const unfinished = 'F'
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * DISCARD ALL but for the advisory locks: all sessions here have them in common, so releasing one session's would take
 * another's away. They end with the run, and no second run has the data open.
 */
const resetSql = `close all; set session authorization default; reset all; deallocate all; unlisten *;
discard plans; discard temp; discard sequences;`

const settingsSql = ({ settings }: Session): string =>
  Object.entries(settings)
    .map(([name, value]) => `select pg_catalog.set_config(${literal(name)}, ${literal(value)}, false);`)
    .join('\n')

const execute = async (pglite: PGlite, messages: Buffer): Promise<Buffer> => {
  const parts: Buffer[] = []
  await pglite.execProtocolRawStream(messages, { onRawData: (data) => void parts.push(Buffer.from(data)) })
  return Buffer.concat(parts)
}

/** Runs SQL of our own between the clients': that it fails is a bug, so it throws. */
const executeSql = async (pglite: PGlite, sql: string): Promise<void> => {
  const failure = parseMessages(await execute(pglite, queryMessage(sql))).find(({ type }) => type === 'E')
  if (failure) throw new Error(parseErrorFields(failure.body).M)
}

/** A new session in the eyes of its client: nothing of another's settings, statements or temporary tables. */
const takeOver = (pglite: PGlite, session: Session): Promise<void> =>
  executeSql(pglite, resetSql + settingsSql(session))

/**
 * Sessions take turns: who is in a transaction keeps the backend, and a change of hands resets it, so settings and
 * prepared statements live as long as no other session of the same database comes in between.
 */
export const shareBackend = (pglite: PGlite): Backend => {
  const waiting: Job[] = []
  let owner: Session | undefined
  /** Of the last ReadyForQuery: I(dle), T(ransaction), E (failed transaction). */
  let status = idle
  let running = false

  const run = async (): Promise<void> => {
    if (running) return
    running = true
    for (;;) {
      const next = status === idle ? 0 : waiting.findIndex(({ session }) => session === owner)
      const [job] = next < 0 ? [] : waiting.splice(next, 1)
      if (!job) break
      await job.work()
    }
    running = false
  }

  const enqueue = <T>(session: Session, work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      waiting.push({ session, work: () => work().then(resolve, reject) })
      void run()
    })

  return {
    send: (session, messages) =>
      enqueue(session, async () => {
        if (owner !== session) {
          owner = undefined
          await takeOver(pglite, session)
          owner = session
        }
        const output = await execute(pglite, messages)
        const ready = parseMessages(output).findLast(({ type }) => type === 'Z')
        status = ready ? String.fromCharCode(ready.body[0] ?? 0) : unfinished
        return output
      }),
    alone: (work) =>
      enqueue({ settings: {} }, async () => {
        owner = undefined
        await executeSql(pglite, resetSql)
        try {
          return await work(pglite)
        } finally {
          await executeSql(pglite, 'rollback')
        }
      }),
    leave: (session) =>
      enqueue(session, async () => {
        if (owner !== session) return
        if (status !== idle) await executeSql(pglite, 'rollback')
        status = idle
        owner = undefined
      }),
  }
}
