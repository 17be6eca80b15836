import { setTimeout as sleep } from 'node:timers/promises'
import type { Container } from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import { Secret } from '../../model/secret.ts'
import { sessionName } from '../../model/session.ts'
import { sharedMemoryIn } from '../docker/disk.ts'
import { type Docker, dockerMessage } from '../docker/docker.ts'
import { execSocket } from '../docker/exec-stream.ts'
import { readLog } from '../docker/frames.ts'
import { labelsOf } from '../docker/labels.ts'
import type { DumpTarget } from './dump-tool.ts'
import { openServer, type Server } from './postgres.ts'

export type ScratchServerOptions = {
  /** Id of the image that the real server's container runs, so that its binaries and extensions are the same. */
  image: string
  run: string
  environment: string
  project?: string | undefined
  /** The superuser's name: what it owns keeps its owner. */
  user: string
  /** By which the real server is known, and the databases it concerns: by these a later run reaps what a dead one left. */
  postgres: string
  /** The container whose shared memory it gets as much of, where `postgres` is none. */
  memoryOf?: string
  databases: readonly string[]
  /** Of the host that a cutover has for itself: its next run removes it whatever became of the real server. */
  volume?: string
  /** `shared_preload_libraries`, without which some extensions cannot be created. */
  preload: string
  /** Writes as much write-ahead log as a server that has standbys. */
  fullLog?: true
  signal?: AbortSignal
}

/** A throwaway Postgres: no network but its own loopback, no password, its data gone with it. */
export type ScratchServer = AsyncDisposable &
  DumpTarget & {
    address: string
    port: number
    /** Sessions of another role, with what its logins set off; closed with the server. */
    serverAs: (role: string) => Server
  }

const address = '127.0.0.1'
const port = 5432

/**
 * Ends with the stdin that the orchestrator holds open, however that dies: the shell is process 1, and takes all others along.
 * No signal to the server, since a shell has what it starts with & ignore SIGQUIT, and the entrypoint would go on for ever.
 */
const script = 'docker-entrypoint.sh "$@" & cat >/dev/null'

/** Nothing here has to survive a crash. */
const settings = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_wal_senders=0',
  'max_wal_size=4GB',
  'autovacuum=off',
  'archive_mode=off',
]

const startWithin = 120_000
const pause = 100

/** Image, name and whatever an id is to be had of: the image that a container really runs. */
export const readImageOf = async (docker: Docker, container: string): Promise<string> =>
  (await docker.getContainer(container).inspect()).Image

const create = async (docker: Docker, options: ScratchServerOptions): Promise<Container> => {
  const {
    image,
    run,
    environment,
    project,
    user,
    postgres,
    databases,
    volume,
    preload,
    fullLog,
    memoryOf = postgres,
  } = options
  const log = fullLog ? 'wal_level=replica' : 'wal_level=minimal'
  const arguments_ = [...settings, log, ...(preload ? [`shared_preload_libraries=${preload}`] : [])]
  // What the real server's indexes were built in.
  const sharedMemory = await sharedMemoryIn(docker, memoryOf)
  return docker.createContainer({
    name: `po-migrate-${run}-scratch`,
    Image: image,
    Entrypoint: ['/bin/sh', '-c', script, 'po-migrate'],
    Cmd: ['postgres', ...arguments_.flatMap((setting) => ['-c', setting])],
    // Trust inside a container that only Docker can reach: there is no password to guard.
    Env: [`POSTGRES_USER=${user}`, 'POSTGRES_HOST_AUTH_METHOD=trust', 'POSTGRES_INITDB_ARGS=--no-sync'],
    Labels: labelsOf({ run, environment, project, server: postgres, databases, volume }),
    AttachStdin: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {
      AutoRemove: false,
      NetworkMode: 'none',
      SecurityOpt: ['no-new-privileges'],
      ...(sharedMemory !== undefined && { ShmSize: sharedMemory }),
    },
  })
}

const logTail = async (container: Container): Promise<string[]> =>
  (await readLog(container, { tail: 8 })).split('\n').filter(Boolean)

/** Over TCP: the first start's temporary server answers on the socket only. */
const untilReady = async (container: Container, options: ScratchServerOptions): Promise<void> => {
  const { user, signal } = options
  const deadline = performance.now() + startWithin
  for (;;) {
    if (signal?.aborted)
      throw new AppError('The scratch server was not waited for.', { exitCode: exitCodes.failed })
    const probe = await container.exec({
      Cmd: ['pg_isready', '--quiet', `--host=${address}`, `--username=${user}`],
      AttachStdout: true,
    })
    const stream = await probe.start({})
    await new Promise((resolve) => stream.resume().once('end', resolve).once('close', resolve))
    if ((await probe.inspect()).ExitCode === 0) return
    const { State } = await container.inspect()
    if (!State.Running || performance.now() > deadline)
      throw new AppError('The scratch server does not start.', {
        exitCode: exitCodes.failed,
        details: await logTail(container),
        hint: 'docker system df; po-migrate doctor',
      })
    await sleep(pause)
  }
}

const remove = async (container: Container): Promise<void> => {
  await container.remove({ force: true, v: true }).catch(() => {})
}

/**
 * Starts a throwaway Postgres of the real server's image. It is reached through Docker alone, and ends by itself when
 * this process dies; its data lie on an anonymous volume that goes with it.
 * @throws AppError (exit 1) with its last words when it does not start.
 */
export const openScratchServer = async (
  docker: Docker,
  options: ScratchServerOptions,
): Promise<ScratchServer> => {
  const { run, user, signal } = options
  let container: Container | undefined
  try {
    container = await create(docker, options)
    const stdin = await container.attach({ stream: true, stdin: true, hijack: true })
    stdin.on('error', () => {})
    await container.start()
    await untilReady(container, options)
    const { id } = container
    const open = (role: string, settings?: string): Server =>
      openServer({
        label: `po-migrate-${run}-scratch`,
        host: address,
        port,
        credentials: { user: role, password: new Secret('') },
        applicationName: sessionName(run, 'reader'),
        socket: () => execSocket(docker, { container: id, address, port }),
        wait: 10_000,
        ...(settings && { settings }),
        passwordHint: '',
      })
    // What a login would set off there, such as a trigger of the database that is proven, is not what is asked.
    const server = open(user, '-c session_replication_role=replica')
    const others: Server[] = []
    const made = container
    // Whatever runs in it ends with it, a long count too.
    const abandon = (): void => void remove(made)
    signal?.addEventListener('abort', abandon)
    return {
      docker,
      container: id,
      server,
      user,
      run,
      address,
      port,
      serverAs: (role) => {
        const other = open(role)
        others.push(other)
        return other
      },
      [Symbol.asyncDispose]: async () => {
        signal?.removeEventListener('abort', abandon)
        for (const one of [server, ...others]) await one[Symbol.asyncDispose]()
        stdin.end()
        await remove(made)
      },
    }
  } catch (cause) {
    if (container) await remove(container)
    if (cause instanceof AppError) throw cause
    throw new AppError(`The scratch server cannot be started: ${dockerMessage(cause)}.`, {
      exitCode: exitCodes.failed,
      hint: 'docker system df; po-migrate doctor',
      cause,
    })
  }
}
