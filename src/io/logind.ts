import { existsSync, readFileSync } from 'node:fs'

const setting = /^\s*KillUserProcesses\s*=\s*(\w+)/gm
const yes = new Set(['yes', 'true', '1', 'on'])

/** Where systemd reads them, the later ones over the earlier (logind.conf(5)). */
export const logindFiles = [
  '/usr/lib/systemd/logind.conf',
  '/etc/systemd/logind.conf',
  '/etc/systemd/logind.conf.d/po-migrate.conf',
]

/** Whether logind ends what a user left running at the last logout; undefined without logind. Compiled in: no. */
export const readLogind = (files: readonly string[]): boolean | undefined => {
  const present = files.filter((file) => existsSync(file))
  if (present.length === 0) return undefined
  const values = present.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(setting)].map(([, value = '']) => value.toLowerCase()),
  )
  return yes.has(values.at(-1) ?? 'no')
}
