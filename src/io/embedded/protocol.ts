/** Postgres' wire protocol (version 3), as far as a front needs it: https://www.postgresql.org/docs/current/protocol-message-formats.html */

/** One message: a type, the length of the rest, the rest. */
const frame = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const fields = (entries: Record<string, string>): Buffer =>
  Buffer.from(
    `${Object.entries(entries)
      .flatMap(([code, text]) => `${code}${text}\0`)
      .join('')}\0`,
  )

export const queryMessage = (sql: string): Buffer => frame('Q', Buffer.from(`${sql}\0`))

export const fatalMessage = (code: string, text: string): Buffer =>
  frame('E', fields({ S: 'FATAL', V: 'FATAL', C: code, M: text }))

/** What a client may assume of every session here. */
const reported = {
  client_encoding: 'UTF8',
  server_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  TimeZone: 'UTC',
  integer_datetimes: 'on',
  standard_conforming_strings: 'on',
}

/** AuthenticationOk, ParameterStatus…, BackendKeyData, ReadyForQuery: come in, nobody asks for a password. */
export const welcomeMessages = (): Buffer =>
  Buffer.concat([
    frame('R', Buffer.alloc(4)),
    ...Object.entries(reported).map(([name, value]) => frame('S', Buffer.from(`${name}\0${value}\0`))),
    frame('K', Buffer.alloc(8)),
    frame('Z', Buffer.from('I')),
  ])

/** The codes that stand in place of a protocol version. */
export const requests = { cancel: 80877102, tls: 80877103, gss: 80877104 }

/** The `-c name=value` of a startup packet's `options`, in which a backslash escapes. */
const parseOptions = (options: string): [string, string][] =>
  [...options.matchAll(/(?:-c\s*|--)([\w.-]+)=((?:\\.|[^\s\\])*)/g)].map(([, name = '', value = '']) => [
    name,
    value.replace(/\\(.)/g, '$1'),
  ])

const notSettings = new Set(['user', 'database', 'options', 'replication'])

export type Startup = { database: string; settings: Record<string, string> }

/** The body of a startup packet, from behind the version: names and values, each ended by a zero byte. */
export const parseStartup = (body: Buffer): Startup => {
  const words = body.toString('utf8').split('\0')
  const given: Record<string, string> = {}
  for (let at = 0; words[at]; at += 2) given[words[at] ?? ''] = words[at + 1] ?? ''
  const settings = Object.entries(given).filter(
    ([name]) => !notSettings.has(name) && !name.startsWith('_pq_.'),
  )
  return {
    database: given.database || given.user || 'postgres',
    settings: Object.fromEntries([...parseOptions(given.options ?? ''), ...settings]),
  }
}

export type Message = { type: string; body: Buffer }

export const parseMessages = (bytes: Buffer): Message[] => {
  const messages: Message[] = []
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 1 + bytes.readInt32BE(at + 1)
    messages.push({ type: String.fromCharCode(bytes[at] ?? 0), body: bytes.subarray(at + 5, end) })
    at = end
  }
  return messages
}

/** An ErrorResponse's fields by their one-letter codes: `M` message, `D` detail, `H` hint, `W` where. */
export const parseErrorFields = (body: Buffer): Record<string, string> =>
  Object.fromEntries(
    body
      .toString('utf8')
      .split('\0')
      .filter(Boolean)
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  )
