import { blankComments, blankOpaque } from './blank.ts'
import type { Migration } from './types.ts'

/** Statements that leave their session as they found it; any other may change a setting, a role, or leave something behind. */
const leavesNothing = new RegExp(
  `^(?:${[
    'create\\s+(?!(?:or\\s+replace\\s+)?(?:local\\s+|global\\s+)?temp)',
    'alter\\s+(?!role|user|system|database)',
    ...[
      'comment',
      'grant',
      'revoke',
      'drop',
      'insert',
      'update',
      'delete',
      'merge',
      'truncate',
      'refresh',
      'analyze',
    ],
  ].join('|')})`,
  'i',
)
/** By which a statement changes its session all the same, or asks what another left in it. */
const session = /set_config|setseed|currval|lastval|advisory_lock|dblink|pg_temp|\bset\s+role\b/i
/** A setting that stays when a function has made it: a statement of its body, not the clause of its head. */
const setByBody = /(?:;|\b(?:begin|then|else|loop|as)|['$])\s*set\s/i
const making = /\bcreate\b/i
const ignoredError = /^[\t ]*-- po-migrate:ignore\b/m

/** What stands in literals, bodies of functions among them; blanks elsewhere. */
const literals = (sql: string): string => {
  const outside = blankOpaque(sql)
  return blankComments(sql)
    .split('')
    .map((unit, at) => (outside[at] === unit ? ' ' : unit))
    .join('')
}

const changesSession = ({ up }: Migration): boolean => session.test(up) || setByBody.test(literals(up))

/** A file that has a session of its own, and so a call. */
const standsAlone = (migration: Migration, table: string): boolean =>
  !migration.transaction ||
  changesSession(migration) ||
  ignoredError.test(migration.text) ||
  migration.up.toLowerCase().includes(table.toLowerCase()) ||
  blankOpaque(migration.up)
    .split(';')
    .some((statement) => statement.trim() !== '' && !leavesNothing.test(statement.trim()))

/**
 * Files that dbmate may apply in one call, one after the other in one session: each leaves that as it found it, and none
 * writes the table of versions (`table`, without its schema). Behind a function that may change a session whenever it is
 * called, each file stands alone.
 */
export const batchesOf = (files: readonly Migration[], table: string): Migration[][] => {
  const batches: Migration[][] = []
  let open: Migration[] | undefined
  let tainted = false
  for (const file of files) {
    if (tainted || standsAlone(file, table)) {
      batches.push([file])
      open = undefined
      tainted ||= changesSession(file) && making.test(file.up)
    } else if (open) open.push(file)
    else {
      open = [file]
      batches.push(open)
    }
  }
  return batches
}
