import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'

/** A start of a container, which is as long as its Postgres is the same. */
type Start = { container: string; startedAt: string }
type Entry = Start & { system: string }

const most = 50
const othersWrite = 0o022

const owner = (): number | undefined => {
  try {
    return userInfo().uid
  } catch {
    return undefined
  }
}

const fileIn = (directory: string): string => join(directory, `servers-${owner() ?? 'unknown'}.json`)

/** What others could have written is not believed: it would send the password elsewhere. */
const readEntries = (directory: string): Entry[] => {
  try {
    const path = fileIn(directory)
    const { uid, mode } = statSync(path)
    if (uid !== owner() || (mode & othersWrite) !== 0) return []
    const entries: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return Array.isArray(entries) ? entries : []
  } catch {
    return []
  }
}

/** The system_identifier that was read inside this container since it started. */
export const recallServer = (directory: string, { container, startedAt }: Start): string | undefined =>
  readEntries(directory).find((entry) => entry.container === container && entry.startedAt === startedAt)
    ?.system

/** Keeps what was read inside a container. It is a cache: where it cannot be written, an exec asks again. */
export const rememberServer = (directory: string, entry: Entry): void => {
  if (owner() === undefined) return
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const others = readEntries(directory).filter(({ container }) => container !== entry.container)
    const path = fileIn(directory)
    const draft = `${path}.${randomUUID()}`
    writeFileSync(draft, JSON.stringify([...others, entry].slice(-most)), { mode: 0o600 })
    renameSync(draft, path)
  } catch {
    // The next run asks.
  }
}
