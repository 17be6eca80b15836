import type { Socket } from 'node:net'
import type { Backend, Session } from './backend.ts'
import { fatalMessage, parseStartup, requests, type Startup, welcomeMessages } from './protocol.ts'

export type Databases = {
  exists: (database: string) => Promise<boolean>
  open: (database: string) => Promise<Backend>
  /** Told of every exchange, to keep what the server would log. */
  onAnswer: (messages: Buffer, answer: Buffer) => void
}

/** That many bytes, or nothing when the client has gone. */
type Read = (length: number) => Promise<Buffer | undefined>

const reader = (socket: Socket): Read => {
  const chunks = socket[Symbol.asyncIterator]()
  let pending = Buffer.alloc(0)
  return async (length) => {
    while (pending.length < length) {
      const { value, done } = await chunks.next()
      if (done) return undefined
      pending = Buffer.concat([pending, value])
    }
    const taken = pending.subarray(0, length)
    pending = pending.subarray(length)
    return taken
  }
}

/** Says no to encryption as often as it is asked for; a cancel request has nothing to cancel here. */
const readStartup = async (read: Read, socket: Socket): Promise<Startup | undefined> => {
  for (;;) {
    const head = await read(8)
    if (!head) return undefined
    const code = head.readInt32BE(4)
    if (code === requests.cancel) return undefined
    if (code === requests.tls || code === requests.gss) socket.write('N')
    else {
      const body = await read(head.readInt32BE(0) - 8)
      return body && parseStartup(body)
    }
  }
}

const terminate = 'X'
/** Query, Sync, Flush, CopyDone, CopyFail: after these the client waits for an answer. */
const turning = new Set(['Q', 'S', 'H', 'c', 'f'])

/** Everything up to the client's next wait: a client that sends half a batch must not hold the backend. */
const readBatch = async (read: Read): Promise<Buffer | undefined> => {
  const parts: Buffer[] = []
  for (;;) {
    const head = await read(5)
    const body = head && (await read(head.readInt32BE(1) - 4))
    if (!body) return undefined
    const type = String.fromCharCode(head[0] ?? 0)
    if (type === terminate) return undefined
    parts.push(head, body)
    if (turning.has(type)) return Buffer.concat(parts)
  }
}

const converse = async (socket: Socket, { exists, open, onAnswer }: Databases): Promise<void> => {
  const read = reader(socket)
  const startup = await readStartup(read, socket)
  if (!startup) return
  const { database, settings } = startup
  if (!(await exists(database))) {
    socket.write(fatalMessage('3D000', `database "${database}" does not exist`))
    return
  }
  socket.write(welcomeMessages())
  const session: Session = { settings }
  let backend: Backend | undefined
  try {
    for (let batch = await readBatch(read); batch; batch = await readBatch(read)) {
      // After the welcome: opening takes seconds, and a client waits only so long for a connection.
      backend ??= await open(database)
      const answer = await backend.send(session, batch)
      onAnswer(batch, answer)
      socket.write(answer)
    }
  } finally {
    await backend?.leave(session)
  }
}

/** Serves one client until it goes; never throws. */
export const serveConnection = async (socket: Socket, databases: Databases): Promise<void> => {
  socket.setNoDelay(true)
  // A client that goes while it is written to: the next read tells.
  socket.on('error', () => {})
  try {
    await converse(socket, databases)
  } catch (error) {
    if (socket.writable) socket.write(fatalMessage('XX000', (error as Error).message))
  }
  socket.end()
}
