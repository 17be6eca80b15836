import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type KeptBackup, listBackups, stoppedLabel } from '../backup/directory.ts'
import { isUnread } from '../backup/prune.ts'
import type { Engine } from '../io/engine.ts'
import { readTakenNames } from '../io/postgres/inventory.ts'
import { replacedOf } from '../model/beside-name.ts'
import { describeMoment, isAhead } from '../model/moment.ts'
import { compareOrder } from '../model/order.ts'
import { quote } from '../model/quote.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import { type Check, fail, type Warning } from './check.ts'
import { ownerlessCheck } from './ownerless.ts'

export type BackupFacts = {
  environment: Environment
  engine: () => Promise<Engine>
  requireState: () => State
  /** Whether others depend on the host: there a backup is expected. */
  shared: boolean
  /** Names on the server of what every environment of the host manages. */
  neighbours: readonly string[]
}

const everyone = 0o007
const day = 24 * 60 * 60 * 1000
const old = 7 * day

const openToEveryone = (directory: string): string[] =>
  [directory, ...readdirSync(directory).map((name) => join(directory, name))].filter(
    (path) => statSync(path).mode & everyone,
  )

/** Those of the environment, and those that cutovers took of its whole host. */
const labelsOf = ({ name, host }: Environment): string[] => [
  ...new Set([name, host.name, stoppedLabel(host.name)]),
]

/** Oldest first. */
const listAll = ({ environment, requireState }: BackupFacts): KeptBackup[] =>
  labelsOf(environment)
    .flatMap((label) => listBackups(requireState(), label))
    .sort(compareOrder)

/** Whether it holds a database of the environment. */
const isOf = ({ manifest }: KeptBackup, { databases }: Environment): boolean =>
  manifest?.databases.some(({ inventory }) =>
    databases.some(({ database }) => database === inventory.name),
  ) === true

const checkBackups = (facts: BackupFacts): string | Warning => {
  const { environment, shared } = facts
  const remedy = `po-migrate backup ${environment.name}`
  const backups = listAll(facts)
  const open = backups.flatMap(({ directory }) => openToEveryone(directory))
  const [first] = open
  if (first !== undefined)
    throw fail(
      `${first} can be read by everyone on this machine`,
      open.map((path) => `chmod o-rwx ${path}`).join('\n'),
    )
  const unread = backups.find(isUnread)
  if (unread)
    return {
      warning: `${unread.directory}: its manifest cannot be read, so that it is never pruned`,
      remedy: `ls -l ${quote(unread.directory)}`,
    }
  const taken = backups.filter((kept) => isOf(kept, environment))
  const newest = taken.at(-1)
  if (!newest?.manifest) return shared ? { warning: 'none yet', remedy } : 'none yet'
  const now = Date.now()
  const { takenAt } = newest.manifest
  const finding = `${taken.length}, the newest ${describeMoment(takenAt, now)}: ${newest.directory}`
  const ahead = taken.find(({ manifest }) => manifest && isAhead(manifest.takenAt, now))
  if (ahead === newest) return { warning: finding, remedy: 'date -u' }
  if (ahead?.manifest) {
    const when = describeMoment(ahead.manifest.takenAt, now)
    return { warning: `${finding}; ${ahead.directory} is ${when}, and older all the same`, remedy: 'date -u' }
  }
  return shared && now - Date.parse(takenAt) > old ? { warning: finding, remedy } : finding
}

const checkReplaced = async ({ environment, engine, neighbours }: BackupFacts): Promise<string> => {
  const names = await readTakenNames((await engine()).server)
  const kept = environment.databases.flatMap(({ database }) => replacedOf(database, { names, neighbours }))
  return kept.length > 0 ? kept.join(', ') : 'none'
}

/** The backups of an environment, and the databases that restores replaced. */
export const backupChecks = (facts: BackupFacts): Check[] => [
  { title: 'backups', needs: 'state directory', run: () => checkBackups(facts) },
  ownerlessCheck({
    environment: facts.environment.name,
    labels: labelsOf(facts.environment),
    managed: facts.neighbours,
    requireState: facts.requireState,
  }),
  { title: 'replaced databases', needs: 'postgres', run: () => checkReplaced(facts) },
]
