import { usageError } from '../errors.ts'
import { quoteAll } from '../model/quote.ts'
import type { Environment } from '../model/types.ts'

/** @throws AppError (exit 2) where there is a fleet, for a verb that knows none: it would pass its databases over. */
export const refuseFleets = ({ fleets = [], databases }: Environment): void => {
  if (fleets.length === 0) return
  const names = fleets.map(({ name }) => name).join(', ')
  const own = databases.flatMap(({ name, member }) => (member ? [] : ['--db', name]))
  throw usageError(
    `This verb takes no fleet, and the environment has ${names}.`,
    own.length === 0 ? 'name a database that is no fleet: --db NAME' : `name the others: ${quoteAll(own)}`,
    ['Nothing was done, so that nothing of it is passed over.'],
  )
}
