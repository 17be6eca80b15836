/**
 * application_name of the sessions of a run: the lock session carries the bare run id, by which a run counts as alive;
 * readers, dbmate and dumps add what they are. Postgres cuts names at 63 bytes; these have at most 30.
 */
export const sessionName = (run: string, role: 'lock' | 'reader' | 'dbmate' | 'dump'): string =>
  role === 'lock' ? run : `${run} ${role}`

/** Shape of a run id (run/run-id.ts), for SQL. */
export const runIdPattern = '^[0-9]{8}T[0-9]{6}-[0-9a-f]{6}'
