import { type Config, loadConfig } from '../config/load.ts'
import type { Context } from '../model/context.ts'
import type { GlobalOptions } from './options.ts'

const known = new WeakMap<Context, Config>()

/**
 * The config of one command line, read once: it decides where a verb runs before the verb itself asks for it.
 * @throws AppError (exit 2) when there is none, or it is wrong.
 */
export const configOf = ({ config: file }: Pick<GlobalOptions, 'config'>, context: Context): Config => {
  const config = known.get(context) ?? loadConfig({ file, cwd: context.cwd, env: context.env })
  known.set(context, config)
  return config
}
