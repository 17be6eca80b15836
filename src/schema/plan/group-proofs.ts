import { storeName } from '../../fleet/tell.ts'
import { numberAlike } from '../../model/number-alike.ts'
import type { ManagedDatabase, Migration } from '../../model/types.ts'
import type { Difference } from './compare-schemas.ts'

/** What was found of one database, as far as it is compared with that of another. */
export type Found = {
  managed: ManagedDatabase
  proven: readonly Migration[]
  unseen: readonly Migration[]
  conflict?: { nearest: readonly Migration[]; differences: readonly Difference[] }
}

/** Databases of a fleet of which the same was found stand together; any other stands alone. */
export const groupProofs = <F extends Found>(found: readonly F[]): F[][] => {
  const number = numberAlike()
  const standing = ({ managed, proven, unseen, conflict }: F): string =>
    JSON.stringify(
      managed.member
        ? [
            storeName(managed),
            proven.length,
            unseen.length,
            conflict?.nearest.length,
            number(conflict?.differences),
          ]
        : managed.name,
    )
  return [...Map.groupBy(found, standing).values()]
}
