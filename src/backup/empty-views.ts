import type { EmptyView } from '../io/postgres/materialized-views.ts'
import type { Manifest } from '../model/manifest.ts'
import { type PasteTarget, pasteSql } from '../model/paste.ts'

/** Of a backup whose proof could not reach what some materialized views read. */
export const renderUnproven = ({ unproven = [] }: Pick<Manifest, 'unproven'>): string[] =>
  unproven.map(
    ({ database, name, why }) =>
      `${database}: the rows of ${name} are not proven, since it reads from outside the backup: ${why}; its definition is`,
  )

/** Of a database that was restored, with the line to paste for each. */
export const renderEmptyViews = (
  server: PasteTarget,
  database: string,
  empty: readonly EmptyView[],
): string[] =>
  empty.map(({ name, why }) => {
    const command = pasteSql(server, database, [`refresh materialized view ${name}`])
    return `${database}: ${name} is empty, since it could not be filled: ${why}; once it can: → ${command}`
  })
