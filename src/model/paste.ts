import { quote } from './quote.ts'

/** A server as its own container knows it: whom psql is there, and on which socket. */
export type PasteTarget = { label: string; user: string; port: number; maintenance: string }

/** What Postgres runs outside a transaction only. */
const alone = /\bconcurrently\b|^\s*(?:create|drop)\s+database\b|^\s*(?:vacuum|alter\s+system)\b/i
const usualPort = 5432

type Script = { database: string; statements: readonly string[] }

const always = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const psql = (user: string, { port }: PasteTarget, { database, statements }: Script): string => {
  const together = statements.length > 1 && !statements.some((sql) => alone.test(sql))
  return [
    'psql -X -v ON_ERROR_STOP=1',
    ...(together ? ['-1'] : []),
    `-U ${user}`,
    ...(port === usualPort ? [] : [`-p ${port}`]),
    `-d ${always(database)}`,
    ...statements.map((sql) => `-c ${always(sql)}`),
  ].join(' ')
}

/**
 * A command to paste that runs SQL in a database of the container, as the environment's user: it stops at the first error,
 * and statements that may share a transaction are done together or not at all.
 */
export const pasteSql = (target: PasteTarget, database: string, statements: readonly string[]): string =>
  `docker exec ${target.label} ${psql(quote(target.user), target, { database, statements })}`

/** As the container's superuser, where the environment's user is the one who is to be helped. */
export const pasteAsSuperuser = (
  target: PasteTarget,
  database: string,
  statements: readonly string[],
): string => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: expanded by the shell inside, which has the image's variable
  const command = psql('"${POSTGRES_USER:-postgres}"', target, { database, statements })
  return `docker exec ${target.label} sh -c ${always(command)}`
}
