import { type AppError, amend } from '../../errors.ts'
import type { ExecResult } from '../docker/exec.ts'
import { type DumpTarget, failedTool } from './dump-tool.ts'

/** pg_dump stops at the first thing whose owner, or grantee, somebody deleted from the catalog by hand. */
const goneRole = /role with OID (\d+) does not exist/

const objectsSql = `select pg_catalog.pg_describe_object(classid, objid, objsubid) as object
  from pg_catalog.pg_shdepend
  where refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and refobjid = $1::pg_catalog.oid
    and dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
  order by 1 limit 6`

/** That a database could not be dumped, in pg_dump's words; which objects have a role that is gone, it does not say. */
export const failedDump = async (
  what: string,
  result: ExecResult,
  { target, database }: { target: DumpTarget; database: string },
): Promise<AppError> => {
  const error = failedTool(what, result, target)
  const [, oid] = goneRole.exec(error.details.join('\n')) ?? []
  if (oid === undefined) return error
  const objects = await target.server
    .query<{ object: string }>(database, objectsSql, [oid])
    .catch((): { object: string }[] => [])
  if (objects.length === 0) return error
  return amend(error, {
    details: [
      ...error.details,
      ...objects.map(({ object }) => `${object} belongs to that role, or has grants of it`),
    ],
    hint: 'give what it owned to a role that is there: ALTER … OWNER TO',
  })
}
