import { AppError, exitCodes } from '../errors.ts'
import { parseDbmateError } from '../model/dbmate-error.ts'
import { pasteSql } from '../model/paste.ts'
import type { FailedAttempt } from './explain-failure.ts'

const whoSql =
  "select datname, usename, application_name, state, count(*) from pg_stat_activity where backend_type = 'client backend' group by 1, 2, 3, 4 order by 5 desc"

/** Postgres had no session for dbmate for as long as it was waited for: nothing of the file ran. */
export const noSession = ({ engine, managed, migration, result, interrupt }: FailedAttempt): AppError => {
  const { server } = engine
  const { message } = parseDbmateError(result.output)
  return new AppError(
    `${managed.database}: ${server.label} has no free session, so ${migration.file} was not started: ${message}.`,
    {
      exitCode: interrupt.aborted ? exitCodes.interrupted : exitCodes.failed,
      details: [
        'The file is not at fault. Who holds the sessions is listed by the command; raise max_connections, or end some.',
      ],
      hint: pasteSql(server, server.maintenance, [whoSql]),
    },
  )
}
