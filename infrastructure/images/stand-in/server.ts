import { createServer } from 'node:http'
import { escapeIdentifier, Pool } from 'pg'

/*
 * Stands in for a service of the platform in trials, tests and demos: HTTP in front of one database, which is asked at
 * each request. Like real code it is of use only when the schema version it was written for is there.
 * PGHOST, PGPORT, PGUSER and PGDATABASE are read by the driver.
 */
const {
  PORT = '8080',
  SERVICE_NAME = 'stand-in',
  SCHEMA_VERSION = '',
  SCHEMA_TABLE = 'schema_migrations',
  POSTGRES_PASSWORD,
  PGPASSWORD = POSTGRES_PASSWORD,
} = process.env

type Answer = { status: number; body: Record<string, unknown> }
type Row = { database: string; schema: string | null; ready: boolean; time: Date }

const pool = new Pool({
  ...(PGPASSWORD === undefined ? {} : { password: PGPASSWORD }),
  application_name: SERVICE_NAME,
  max: 4,
  connectionTimeoutMillis: 2000,
  query_timeout: 2000,
})

// Postgres closing an idle connection arrives here; unhandled, it would end the process.
pool.on('error', (error) => log(`lost a connection: ${error.message}`))

const server = createServer((request, response) => {
  void answer(request.url ?? '/').then(({ status, body }) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(`${JSON.stringify({ service: SERVICE_NAME, ...body })}\n`)
  })
})

server.listen(Number(PORT), () => log(`listening on ${PORT}`))
process.once('SIGTERM', stop)
process.once('SIGINT', stop)

async function answer(url: string): Promise<Answer> {
  if (url !== '/' && url !== '/healthz') return { status: 404, body: { reason: 'not found' } }
  try {
    const { ready, ...body } = await readDatabase()
    if (ready) return { status: 200, body }
    return { status: 503, body: { ...body, reason: `needs schema version ${SCHEMA_VERSION}` } }
  } catch (error) {
    return { status: 503, body: { reason: reasonOf(error) } }
  }
}

async function readDatabase(): Promise<Row> {
  const facts = 'SELECT current_database() AS database, now() AS time'
  if (SCHEMA_VERSION === '') {
    const { rows } = await pool.query(`${facts}, NULL AS schema, true AS ready`)
    return rows[0]
  }
  const table = SCHEMA_TABLE.split('.').map(escapeIdentifier).join('.')
  const { rows } = await pool.query(
    `${facts}, (SELECT max(version) FROM ${table}) AS schema,
      EXISTS (SELECT FROM ${table} WHERE version = $1) AS ready`,
    [SCHEMA_VERSION],
  )
  return rows[0]
}

/** A failed connection to a name with several addresses is an AggregateError with an empty message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

/** Answers what is under way, then leaves; compose's stop_grace_period is the limit. */
function stop(): void {
  log('stopping')
  server.close(() => void pool.end().then(() => log('stopped')))
}

function log(message: string): void {
  console.log(`${new Date().toISOString()} ${SERVICE_NAME} ${message}`)
}
