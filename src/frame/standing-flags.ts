import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { configIn, searchConfig } from '../config/find.ts'
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
  const usual = [attempt(() => searchConfig(cwd)), attempt(() => root && configIn(root))]
  return usual.some((path) => path && real(path) === real(resolve(cwd, file)))
}

/** Where two are side by side, the flag is what decides. */
const attempt = (search: () => string | undefined): string | undefined => {
  try {
    return search()
  } catch {
    return undefined
  }
}

/** What a command that is printed needs, to act on the config and the machine that this one acts on. */
export const standingFlags = (
  { config, here }: Pick<GlobalOptions, 'config' | 'here'>,
  context: Pick<Context, 'cwd' | 'root'>,
): StandingFlags => [
  ...(config !== undefined && !isUsual(config, context) ? [['--config', config] as const] : []),
  ...(here ? [['--here'] as const] : []),
]
