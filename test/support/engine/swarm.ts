import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { docker, eventually, run } from './docker.ts'
import { postgresImage } from './images.ts'
import { forwardToManager, swarmEnv, swarmScript } from './swarm-forward.ts'

export type Node = {
  /** The environment of whoever asks its engine. */
  env: Record<string, string | undefined>
  docker: (...args: string[]) => Promise<string>
}

export type Swarm = AsyncDisposable & {
  manager: Node
  worker: Node
  /** The network between them goes away, and comes back. */
  cut: () => Promise<void>
  mend: () => Promise<void>
  /** The manager's dockerd gets SIGKILL, and is started again. */
  killManager: () => Promise<void>
  reviveManager: () => Promise<void>
  /** What listens on that port of this machine's loopback is on the manager's as well. */
  forward: (port: number) => Promise<AsyncDisposable>
  /** What bears the label or the name of a run, on either node, and what no run should make. */
  leftovers: () => Promise<string[]>
}

const call = async (verb: string): Promise<string> => {
  const { exit, stdout, stderr } = await run(swarmScript, [verb], { env: swarmEnv() })
  if (exit !== 0) throw new Error(`test-swarm.sh ${verb}: ${stderr}`)
  return stdout
}

const nodeAt = (host: string): Node => {
  const env = { DOCKER_HOST: host, DOCKER_CONTEXT: undefined }
  return { env, docker: (...args) => docker(args, { env }) }
}

const readLeftovers = async (nodes: Pick<Swarm, 'manager' | 'worker'>): Promise<string[]> => {
  const { manager, worker } = nodes
  const found = [
    await manager.docker('service', 'ls', '-q', '--filter', 'label=po-migrate.run'),
    await manager.docker('config', 'ls', '-q'),
    await manager.docker('secret', 'ls', '-q'),
  ]
  for (const node of [manager, worker])
    for (const filter of ['label=po-migrate.run', 'name=po-migrate-']) {
      found.push(await node.docker('ps', '-a', '--format', '{{.Names}}', '--filter', filter))
      found.push(await node.docker('volume', 'ls', '-q', '--filter', filter))
    }
  return found.filter(Boolean)
}

/** Two engines, one a manager: a swarm that no other test sees. */
export const startSwarm = async (): Promise<Swarm> => {
  const said = await call('start')
  const hostOf = (name: string): string => new RegExp(`${name}=(\\S+)`).exec(said)?.[1] ?? ''
  const swarm = { manager: nodeAt(hostOf('PO_SWARM_MANAGER')), worker: nodeAt(hostOf('PO_SWARM_WORKER')) }
  const { manager } = swarm
  await eventually('both nodes to be ready', async () => {
    const nodes = await manager.docker('node', 'ls', '--format', '{{.Status}}')
    return nodes === 'Ready\nReady' || undefined
  })
  return {
    ...swarm,
    cut: async () => void (await call('cut')),
    mend: async () => void (await call('mend')),
    killManager: async () => void (await call('kill')),
    reviveManager: async () => void (await call('revive')),
    forward: forwardToManager,
    leftovers: () => readLeftovers(swarm),
    [Symbol.asyncDispose]: async () => void (await call('stop')),
  }
}

export type StackPostgres = AsyncDisposable & {
  stack: string
  service: string
  network: string
  password: string
  /** Runs SQL where its task is. */
  psql: (database: string, sql: string) => Promise<string>
  /** Its container, and the node where it runs. */
  task: () => Promise<{ node: Node; container: string }>
  /** The service gets these words of `docker service update`. */
  update: (...args: string[]) => Promise<void>
}

export const stackPassword = `it's p@ss:word/$HOME #1`

/** `docker stack deploy` of a compose file; gone with all that it made, its volumes too. */
export const deployStack = async (
  { manager, worker }: Swarm,
  { stack, services }: { stack: string; services: Record<string, object> },
): Promise<AsyncDisposable> => {
  const directory = mkdtempSync(join(tmpdir(), 'pmt-stack-'))
  const file = join(directory, 'compose.yml')
  writeFileSync(file, stringify({ version: '3.8', services, volumes: { data: {} } }))
  await manager.docker('stack', 'deploy', '--resolve-image', 'never', '-c', file, stack)
  rmSync(directory, { recursive: true })
  return {
    [Symbol.asyncDispose]: async () => {
      await manager.docker('stack', 'rm', stack)
      for (const node of [manager, worker])
        await eventually('the stack to be gone', async () => {
          const filter = ['--filter', `label=com.docker.stack.namespace=${stack}`]
          if (await node.docker('ps', '-aq', ...filter)) return undefined
          for (const volume of (await node.docker('volume', 'ls', '-q', ...filter))
            .split('\n')
            .filter(Boolean))
            await node.docker('volume', 'rm', '-f', volume)
          return true
        })
    },
  }
}

export type PostgresPlace = { on: 'manager' | 'worker'; stack: string }

export const postgresService = (on: PostgresPlace['on']): object => ({
  image: postgresImage,
  environment: { POSTGRES_PASSWORD: stackPassword.replaceAll('$', '$$$$') },
  command: ['-c', 'fsync=off'],
  volumes: ['data:/var/lib/postgresql/data'],
  // No ip_vs in every kernel that these tests meet.
  deploy: { endpoint_mode: 'dnsrr', placement: { constraints: [`node.role==${on}`] } },
})

/** A stack of one service, Postgres, ready to be asked. */
export const deployPostgres = async (swarm: Swarm, { on, stack }: PostgresPlace): Promise<StackPostgres> => {
  const { manager, worker } = swarm
  const deployed = await deployStack(swarm, { stack, services: { postgres: postgresService(on) } })
  const service = `${stack}_postgres`
  const task: StackPostgres['task'] = () =>
    eventually('a task of Postgres', async () => {
      for (const node of [manager, worker]) {
        const filter = `label=com.docker.swarm.service.name=${service}`
        const [container] = (await node.docker('ps', '-q', '--filter', filter)).split('\n')
        if (container) return { node, container }
      }
      return undefined
    })
  const psql: StackPostgres['psql'] = async (database, sql) => {
    const { node, container } = await task()
    return node.docker('exec', container, 'psql', '-U', 'postgres', '-d', database, '-XAtqc', sql)
  }
  await eventually('Postgres to answer', async () => {
    const { node, container } = await task()
    const command = 'pg_isready --quiet --host "$(hostname -i)"'
    return node.docker('exec', container, 'sh', '-c', command).then(
      () => true,
      () => undefined,
    )
  })
  return {
    ...{ stack, service, network: `${stack}_default`, password: stackPassword, psql, task },
    update: async (...args) => void (await manager.docker('service', 'update', '-d', '-q', ...args, service)),
    [Symbol.asyncDispose]: () => deployed[Symbol.asyncDispose](),
  }
}
