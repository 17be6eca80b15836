import { join } from 'node:path'
import type { Config } from '../config/load.ts'
import { fewNames } from '../fleet/tell.ts'
import type { Run } from '../frame/run.ts'
import { readMajor } from '../io/postgres/inventory.ts'
import { readExisting } from '../io/postgres/read-database.ts'
import { mayReadPasswords } from '../io/postgres/unreadable.ts'
import type { SharedEngine } from '../io/shared-engine.ts'
import type { Plan } from '../model/plan.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import { backupName, backupsDirectory } from './directory.ts'
import { requireBackupSpace } from './disk-space.ts'
import { sharesDisk } from './place.ts'
import { planBackup } from './plan/backup.ts'
import { requireReadable } from './require-readable.ts'
import type { BackupStep } from './steps/backup-kinds.ts'

export type PrepareOptions = {
  run: Run
  config: Config
  environment: Environment
  engine: SharedEngine
  state: State
  /** Where backups of the environment are kept by this run. */
  place: State
}

export type Prepared = {
  plan: Plan<BackupStep>
  directory: string
  managed: readonly string[]
  /** Those that are on the server. */
  databases: string[]
}

/** What there is to dump and where to, with everything that could stand in the way asked first. */
export const prepare = async ({
  run,
  config,
  environment,
  engine,
  state,
  place,
}: PrepareOptions): Promise<Prepared> => {
  const { report } = run
  const { server } = engine
  const { name } = environment
  const managed = environment.databases.map(({ database }) => database)
  const existing = await readExisting(server, managed)
  const databases = managed.filter((one) => existing.has(one))
  const absent = managed.filter((one) => !existing.has(one))
  const directory = join(backupsDirectory(place), backupName(name, run.id))
  const after = config.after_backup !== undefined
  const plan = planBackup({ environment: name, existing: databases, directory, after })
  await engine.shared.tools(report.progress)
  await requireReadable(server, databases, await readMajor(server))
  if (!(await mayReadPasswords(server)))
    report.note(`"${server.user}" may not read the passwords of roles: they are not in the backup`)
  await requireBackupSpace(engine, { path: place.root, databases })
  if (place !== state && (await sharesDisk(engine.shared.docker, place.root)))
    report.note(
      `${place.root} lies on the disk of the data, and is lost with it: is what belongs there mounted?`,
    )
  if (absent.length > 0) report.note(`not in it, since not on the server: ${fewNames(absent)}`)
  for (const { obstacle } of environment.refused ?? []) report.note(`not in it: ${obstacle.message}`)
  return { plan, directory, managed, databases }
}
