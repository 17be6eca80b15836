/** A command to paste that runs SQL in a database of the container; each statement by itself, so that none shares a transaction. */
export const pasteSql = (container: string, database: string, statements: readonly string[]): string => {
  const quoted = statements.map((sql) => `-c '${sql.replaceAll("'", "'\\''")}'`)
  return `docker exec ${container} psql -U postgres -d '${database}' ${quoted.join(' ')}`
}
