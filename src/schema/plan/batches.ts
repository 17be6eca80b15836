import type { Migration } from '../../model/types.ts'

const comment = /--[^\n]*/g
const dollarBody = /\$([A-Za-z_]\w*|)\$[\s\S]*?\$\1\$/g
/** What a statement may leave changed in its session, by itself or by a function that it calls. */
const leaving =
  /(?:^|;)\s*(?:set|reset|discard|select|with|call|do|execute|perform|values|table|prepare|load)\b/i

const setting = /set_config|set\s+role/i

/** Whether the next file of the same session finds it as a new one has it, whatever this one does. */
const leavesSession = ({ up }: Migration): boolean =>
  setting.test(up) || leaving.test(up.replace(dollarBody, '').replace(comment, '').trim())

const ignoredError = /^[\t ]*-- po-migrate:ignore\b/m

/** A file that has a session of its own, and so a call. */
const standsAlone = (migration: Migration, table: string): boolean =>
  !migration.transaction ||
  leavesSession(migration) ||
  ignoredError.test(migration.text) ||
  migration.up.toLowerCase().includes(table.toLowerCase())

/**
 * Files that dbmate may apply in one call, one after the other in one session: each leaves that as it found it, and none
 * writes the table of versions (`table`, without its schema).
 */
export const batchesOf = (files: readonly Migration[], table: string): Migration[][] => {
  const batches: Migration[][] = []
  let open: Migration[] | undefined
  for (const file of files) {
    if (standsAlone(file, table)) {
      batches.push([file])
      open = undefined
    } else if (open) open.push(file)
    else {
      open = [file]
      batches.push(open)
    }
  }
  return batches
}
