import { GenericContainer, Network, Wait } from 'testcontainers'
import { postgresImage } from '../engine/images.ts'

export type TestPostgres = AsyncDisposable & {
  /** Docker network on which it answers to `postgres`. */
  network: string
  container: string
  name: string
  /** Its own address on that network. */
  address: string
  /** The superuser's. */
  password: string
  /** Runs SQL in one database and answers psql's unaligned output, without its notices. */
  psql: (database: string, sql: string) => Promise<string>
  /** What dbmate's table says is applied: `00001 00002`. */
  versions: (database: string, table?: string) => Promise<string>
}

/** A throwaway Postgres on a network of its own. */
export const startPostgres = async (
  env: Record<string, string> = {},
  { sharedMemory = 64 * 2 ** 20, image = postgresImage }: { sharedMemory?: number; image?: string } = {},
): Promise<TestPostgres> => {
  const network = await new Network().start()
  const container = await new GenericContainer(image)
    .withSharedMemorySize(sharedMemory)
    .withEnvironment({ POSTGRES_PASSWORD: 'postgres', ...env })
    .withCommand(['-c', 'fsync=off'])
    .withNetwork(network)
    .withNetworkAliases('postgres')
    .withWaitStrategy(Wait.forSuccessfulCommand('pg_isready --quiet --host "$HOSTNAME"'))
    .start()
  const psql: TestPostgres['psql'] = async (database, sql) => {
    const command = ['psql', '--username', 'postgres', '--dbname', database, '-XAtqc', sql]
    const { exitCode, stdout, stderr } = await container.exec(command)
    if (exitCode !== 0) throw new Error(`psql: ${stderr || stdout}`)
    return stdout.trim()
  }
  return {
    network: network.getName(),
    container: container.getId(),
    name: container.getName().replace('/', ''),
    address: container.getIpAddress(network.getName()),
    password: env.POSTGRES_PASSWORD ?? 'postgres',
    psql,
    versions: (database, table = 'schema_migrations') =>
      psql(database, `select string_agg(version, ' ' order by version) from ${table}`),
    [Symbol.asyncDispose]: async () => {
      await container.stop({ timeout: 1000, remove: true, removeVolumes: true })
      await network.stop()
    },
  }
}
