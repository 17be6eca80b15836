import type { PassThrough } from 'node:stream'
import type { Container } from 'dockerode'
import { pack } from 'tar-stream'
import { AppError, exitCodes } from '../../errors.ts'
import type { Credentials } from '../../model/types.ts'
import { pgpass } from '../dbmate/command.ts'
import { type Docker, dockerMessage } from '../docker/docker.ts'
import { startFed } from '../docker/feed.ts'
import { declaredVolumes } from '../docker/image.ts'
import { labelsOf } from '../docker/labels.ts'
import { removeContainer } from '../docker/remove-container.ts'
import { gatewayAddress, type Way, wayConfig } from '../docker/way.ts'
import { tlsFiles, tlsParameters } from './tls-files.ts'

export type ClientOptions = {
  /** Present already. */
  image: string
  run: string
  environment: string
  project: string
  /** By which the server is known. */
  id: string
  databases: readonly string[]
  host: string
  port: number
  credentials: Credentials
  way: Way
}

/** A container with Postgres' own tools, and what makes them ask the server. */
export type ClientContainer = AsyncDisposable & {
  image: string
  container: string
  env: Record<string, string>
  /** `pg_dump`'s major version. */
  major: number
}

const work = '/client'
const nobody = '65534:65534'

/** Ends with the stdin that the orchestrator holds open, however that dies. Says first what it found. */
const script = `cd ${work} && dd bs=512 count="$1" iflag=fullblock 2>/dev/null | tar -xf - || exit 97
echo "tools $(pg_dump --version) at $(${gatewayAddress})"
cat >/dev/null`

const said = /^tools .*\n/m
const found = /^tools pg_dump \(PostgreSQL\) (\d+)\S* .*?at (\S*)$/m

const buildArchive = async ({ credentials, way }: ClientOptions): Promise<Buffer> => {
  const archive = pack()
  archive.entry({ name: '.pgpass', mode: 0o600 }, pgpass(credentials.password))
  for (const { name, text } of tlsFiles(way.tls)) archive.entry({ name, mode: 0o600 }, text)
  archive.finalize()
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>))
}

const create = async (docker: Docker, options: ClientOptions, archive: Buffer): Promise<Container> => {
  const { image, run, environment, project, id, databases, way } = options
  const declared = await declaredVolumes(docker, image)
  return docker.createContainer({
    name: `po-migrate-${run}-client`,
    Image: image,
    Entrypoint: ['/bin/sh', '-c', script, 'po-migrate', String(archive.length / 512)],
    Cmd: [],
    User: nobody,
    WorkingDir: '/',
    Env: [`HOME=${work}`, 'LC_ALL=C'],
    Labels: labelsOf({ run, environment, project, server: id, databases }),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    // The shell as process 1 does not hear SIGTERM.
    StopSignal: 'SIGKILL',
    HostConfig: {
      ...wayConfig(way),
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'none', Config: {} },
      Tmpfs: {
        ...declared,
        [work]: 'rw,noexec,nosuid,nodev,mode=0700,uid=65534,gid=65534,size=16m',
      },
    },
  })
}

/** Until it has said what it found, or ended. */
const listen = async (output: PassThrough): Promise<string> => {
  let text = ''
  for await (const chunk of output) {
    text += chunk
    if (said.test(text)) break
  }
  return text
}

const variables = ({ host, port, way }: ClientOptions, gateway: string): Record<string, string> => {
  const tls = Object.entries(tlsParameters(way.tls, work))
  const hostaddr = way.gateway ? gateway : way.hostaddr
  return {
    HOME: work,
    PGHOST: host,
    PGPORT: String(port),
    PGPASSFILE: `${work}/.pgpass`,
    ...(hostaddr && { PGHOSTADDR: hostaddr }),
    ...Object.fromEntries(tls.map(([name, value]) => [`PG${name.toUpperCase()}`, value])),
  }
}

const unusable = (image: string, why: string, cause?: unknown): AppError =>
  new AppError(`Postgres' tools cannot be run from the image ${image}: ${why}.`, {
    exitCode: exitCodes.unreachable,
    hint: 'name another one in server.image of the environment',
    ...(cause !== undefined && { cause }),
  })

/**
 * Starts the container whose pg_dump and pg_restore speak to a server that has none: non-root, read-only, without
 * capabilities. Password and certificates enter through stdin into a tmpfs.
 * @throws AppError (exit 6) when it cannot be made or started, or has no tools.
 */
export const openClientContainer = async (
  docker: Docker,
  options: ClientOptions,
): Promise<ClientContainer> => {
  const { image } = options
  const archive = await buildArchive(options)
  let container: Container | undefined
  try {
    container = await create(docker, options, archive)
    const { stream, output } = await startFed(docker, container, archive)
    const words = await listen(output)
    const [, major, gateway = ''] = found.exec(words) ?? []
    if (major === undefined) throw unusable(image, words.trim().split('\n')[0] || 'it said nothing')
    const { id } = container
    return {
      image,
      container: id,
      env: variables(options, gateway),
      major: Number(major),
      [Symbol.asyncDispose]: async () => {
        stream.end()
        await removeContainer(docker, id).catch(() => {})
      },
    }
  } catch (cause) {
    if (container) await removeContainer(docker, container.id).catch(() => {})
    throw cause instanceof AppError ? cause : unusable(image, dockerMessage(cause), cause)
  }
}
