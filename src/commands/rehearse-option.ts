import type { Argv } from 'yargs'
import { usageError } from '../errors.ts'
import type { Rehearsing } from '../model/types.ts'
import { choices } from './verbs.ts'

export type RehearseOption = { rehearse?: Rehearsing | undefined }

const toRehearsing = (given: unknown): Rehearsing | undefined => {
  if (given === undefined) return undefined
  const last = Array.isArray(given) ? given.at(-1) : given
  if (last === false) return 'off'
  const known = choices.rehearse.find((one) => one === last)
  if (known) return known
  throw usageError(`--rehearse takes ${choices.rehearse.join(' or ')}.`, 'po-migrate up --help')
}

/** `--rehearse schema|data`, `--no-rehearse`; left out: what the environment has. */
export const rehearseOption = <T>(yargs: Argv<T>) =>
  yargs.option('rehearse', {
    type: 'string',
    requiresArg: true,
    coerce: toRehearsing,
    describe: 'First on a scratch server: schema or data; --no-rehearse: not',
  })

/** The same flag, to be typed again. */
export const rehearseArguments = ({ rehearse }: RehearseOption): string[] => {
  if (rehearse === undefined) return []
  return rehearse === 'off' ? ['--no-rehearse'] : ['--rehearse', rehearse]
}
