import { quote } from './quote.ts'
import type { ServerAddress, Tls } from './types.ts'

/** A server as its own container knows it: whom psql is there, and on which socket. Without a container: its address. */
export type PasteTarget = {
  label: string
  user: string
  port: number
  maintenance: string
  address?: Pick<ServerAddress, 'host' | 'tls' | 'inside'> | undefined
}

/** What Postgres runs outside a transaction only. */
const alone = /\bconcurrently\b|^\s*(?:create|drop)\s+database\b|^\s*(?:vacuum|alter\s+system)\b/i
const usualPort = 5432

type Script = { database: string; statements: readonly string[] }

const always = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const psql = (user: string, { port, address }: PasteTarget, { database, statements }: Script): string => {
  const together = statements.length > 1 && !statements.some((sql) => alone.test(sql))
  return [
    'psql -X -v ON_ERROR_STOP=1',
    ...(together ? ['-1'] : []),
    ...(address && !address.inside ? [`-h ${quote(address.host)}`] : []),
    `-U ${user}`,
    ...(port === usualPort ? [] : [`-p ${port}`]),
    `-d ${always(database)}`,
    ...statements.map((sql) => `-c ${always(sql)}`),
  ].join(' ')
}

/** libpq looks for certificates at home, and would take less than was asked for. */
const tlsVariables = ({ mode, ca, cert, key }: Tls): string =>
  Object.entries({ PGSSLMODE: mode, PGSSLROOTCERT: ca?.path, PGSSLCERT: cert?.path, PGSSLKEY: key?.path })
    .flatMap(([name, value]) => (value ? `${name}=${quote(value)} ` : []))
    .join('')

/** In its container, on whichever node that is; nothing for a server of which no container is known. */
const within = ({ label, address }: PasteTarget): string | undefined => {
  if (!address) return `docker exec ${label}`
  const { inside } = address
  return inside && `on the node ${inside.node}: docker exec ${inside.container}`
}

/**
 * A command to paste that runs SQL in a database of the server, as the environment's user: it stops at the first error,
 * and statements that may share a transaction are done together or not at all.
 */
export const pasteSql = (target: PasteTarget, database: string, statements: readonly string[]): string => {
  const command = psql(quote(target.user), target, { database, statements })
  const place = within(target)
  return target.address && !place ? tlsVariables(target.address.tls) + command : `${place} ${command}`
}

/** As the server's superuser, where the environment's user is the one who is to be helped. */
export const pasteAsSuperuser = (
  target: PasteTarget,
  database: string,
  statements: readonly string[],
): string => {
  const place = within(target)
  if (!place) return pasteSql({ ...target, user: 'postgres' }, database, statements)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: expanded by the shell inside, which has the image's variable
  const command = psql('"${POSTGRES_USER:-postgres}"', target, { database, statements })
  return `${place} sh -c ${always(command)}`
}

/** What a full disk is found with. */
export const lookAtDisk = (target: PasteTarget): string => {
  const place = within(target)
  return place ? `${place} df -h` : `df -h, on the machine of ${target.label}`
}
