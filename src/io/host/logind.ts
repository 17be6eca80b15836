import { existsSync, readdirSync, readFileSync } from 'node:fs'

const setting = /^\s*KillUserProcesses\s*=\s*(\w+)/gm
const yes = new Set(['yes', 'true', '1', 'on'])

const roots = ['/usr/lib/systemd', '/etc/systemd']

/** logind's configuration as systemd reads it: the later ones win, drop-ins over all (logind.conf(5)). */
export const logindFiles = (): string[] => {
  const dropIns = roots.map((root) => `${root}/logind.conf.d`).filter((directory) => existsSync(directory))
  return [
    ...roots.map((root) => `${root}/logind.conf`),
    ...dropIns.flatMap((directory) =>
      readdirSync(directory)
        .sort()
        .map((name) => `${directory}/${name}`),
    ),
  ]
}

/** Whether logind ends what a user left running at the last logout (its default: no); undefined without logind. */
export const readLogind = (files: readonly string[]): boolean | undefined => {
  const present = files.filter((file) => existsSync(file))
  if (present.length === 0) return undefined
  const values = present.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(setting)].map(([, value = '']) => value.toLowerCase()),
  )
  return yes.has(values.at(-1) ?? 'no')
}
