import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { listBackups } from '../io/backup-directory.ts'
import type { Engine } from '../io/engine.ts'
import { readTakenNames } from '../io/inventory.ts'
import { readManifest } from '../io/manifest.ts'
import { replacedOf } from '../model/beside-name.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import { type Check, fail, type Warning } from './check.ts'

export type BackupFacts = {
  environment: Environment
  engine: () => Promise<Engine>
  requireState: () => State
  /** Whether others depend on the host: there a backup is expected. */
  shared: boolean
}

const everyone = 0o007
const day = 24 * 60 * 60 * 1000
const old = 7 * day

/** `5 hours ago`, `3 days ago`. */
const ago = (ms: number): string => {
  const hours = Math.floor(ms / (day / 24))
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`
}

const openToEveryone = (directory: string): string[] =>
  [directory, ...readdirSync(directory).map((name) => join(directory, name))].filter(
    (path) => statSync(path).mode & everyone,
  )

/** Those of the environment, and those that cutovers took of its whole host. */
const listAll = ({ environment, requireState }: BackupFacts): string[] => {
  const { name, host } = environment
  const labels = new Set([name, host.name, `${host.name}-stopped`])
  return [...labels].flatMap((label) => listBackups(requireState(), label))
}

/** When it was taken, if it holds a database of the environment; a directory's own time says when it was last touched. */
const readTaken = (directory: string, { databases }: Environment): { directory: string; at: number }[] => {
  const managed = databases.map(({ database }) => database)
  try {
    const { takenAt, databases: held } = readManifest(directory)
    const holds = held.some(({ inventory }) => managed.includes(inventory.name))
    return holds ? [{ directory, at: Date.parse(takenAt) }] : []
  } catch {
    return []
  }
}

const checkBackups = (facts: BackupFacts): string | Warning => {
  const { environment, shared } = facts
  const remedy = `po-migrate backup ${environment.name}`
  const backups = listAll(facts)
  const open = backups.flatMap(openToEveryone)
  const [first] = open
  if (first !== undefined)
    throw fail(
      `${first} can be read by everyone on this machine`,
      open.map((path) => `chmod o-rwx ${path}`).join('\n'),
    )
  const taken = backups.flatMap((directory) => readTaken(directory, environment)).sort((a, b) => a.at - b.at)
  const newest = taken.at(-1)
  if (newest === undefined) return shared ? { warning: 'none yet', remedy } : 'none yet'
  const age = Date.now() - newest.at
  const finding = `${taken.length}, the newest ${ago(age)}: ${newest.directory}`
  return shared && age > old ? { warning: finding, remedy } : finding
}

const checkReplaced = async ({ environment, engine }: BackupFacts): Promise<string> => {
  const names = await readTakenNames((await engine()).server)
  const kept = environment.databases.flatMap(({ database }) => replacedOf(database, names))
  return kept.length > 0 ? kept.join(', ') : 'none'
}

/** The backups of an environment, and the databases that restores replaced. */
export const backupChecks = (facts: BackupFacts): Check[] => [
  { title: 'backups', needs: 'state directory', run: () => checkBackups(facts) },
  { title: 'replaced databases', needs: 'postgres', run: () => checkReplaced(facts) },
]
