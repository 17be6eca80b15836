import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defaultFile, searchConfig } from '../config/load.ts'
import type { Context } from '../model/context.ts'
import type { StandingFlags } from '../report/to-paste.ts'
import type { GlobalOptions } from './options.ts'

const real = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Whether `--config` says what would be taken without it: by the search, or by the shim of the tool's own checkout. */
const isUsual = (file: string, { cwd, root }: Pick<Context, 'cwd' | 'root'>): boolean => {
  const usual = [searchConfig(cwd), root && join(root, defaultFile)].flatMap((path) => path || [])
  return usual.map(real).includes(real(resolve(cwd, file)))
}

/** What a command that is printed needs, to act on the config and the machine that this one acts on. */
export const standingFlags = (
  { config, here }: Pick<GlobalOptions, 'config' | 'here'>,
  context: Pick<Context, 'cwd' | 'root'>,
): StandingFlags => [
  ...(config !== undefined && !isUsual(config, context) ? [['--config', config] as const] : []),
  ...(here ? [['--here'] as const] : []),
]
