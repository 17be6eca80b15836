import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What releases before `project:` did not write. */
const later = ['project', 'volume', 'systemIdentifier', 'sequence'] as const

/** A backup as such a release left it: below the state directory itself, with a manifest that knows no project. */
export const leaveOldBackup = (
  state: string,
  { from, environment, number }: { from: string; environment: string; number: number },
): string => {
  const directory = `backups/${environment}-20261101T12${String(number).padStart(4, '0')}-0a1b2c`
  mkdirSync(join(state, 'backups'), { recursive: true })
  cpSync(join(state, from), join(state, directory), { recursive: true })
  const path = join(state, directory, 'manifest.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  for (const key of later) delete manifest[key]
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`)
  return directory
}
