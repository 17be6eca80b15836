import { PassThrough } from 'node:stream'
import { AppError, exitCodes } from '../../errors.ts'
import { type Docker, dockerMessage } from './docker.ts'
import { removeContainer } from './remove-container.ts'

export type ThrowawayOptions = {
  /** Present already: nothing is pulled. */
  image: string
  run: string
  /** The volume of the host, by which a later run finds what a dead one left at work. */
  owner: string
  /** `$1`, `$2` … are `args`. */
  script: string
  args?: readonly string[]
  mounts: readonly { volume: string; path: string; readOnly?: boolean }[]
  /** Each line of its stdout, as it comes. */
  onLine?: (line: string) => void
  /** Ends it now. */
  stop?: AbortSignal
}

const runLabel = 'po-migrate.run'
const ownerLabel = 'po-migrate.volume'
/** On a dbmate container: the server that it spoke to. */
const serverLabel = 'po-migrate.server'
/** Where the official Postgres image declares a volume: without something there, Docker would make one. */
const declared = '/var/lib/postgresql/data'

/**
 * Runs a shell script in a container of its own over some volumes: as root, since it handles files of any owner, but without
 * a network and without any other right. The container is gone when this returns.
 * @throws AppError (exit 1) when it cannot be started, (exit 6) when the engine is gone meanwhile.
 */
export const runThrowaway = async (
  docker: Docker,
  options: ThrowawayOptions,
): Promise<{ exitCode: number; output: string }> => {
  const { image, run, owner, script, args = [], mounts, onLine, stop } = options
  let container: Awaited<ReturnType<Docker['createContainer']>> | undefined
  const remove = async (): Promise<void> => {
    await container?.remove({ force: true, v: true }).catch(() => {})
  }
  const end = (): void => void remove()
  try {
    container = await docker.createContainer({
      Image: image,
      Entrypoint: ['/bin/sh', '-c', script, 'po-migrate', ...args],
      Cmd: [],
      User: '0:0',
      WorkingDir: '/',
      Labels: { [runLabel]: run, [ownerLabel]: owner },
      HostConfig: {
        AutoRemove: false,
        Init: true,
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID'],
        SecurityOpt: ['no-new-privileges'],
        LogConfig: { Type: 'none', Config: {} },
        Tmpfs: { [declared]: 'size=1m', '/tmp': 'size=64m' },
        Binds: mounts.map(({ volume, path, readOnly }) => `${volume}:${path}${readOnly ? ':ro' : ''}`),
      },
    })
    stop?.addEventListener('abort', end)
    const stream = await container.attach({ stream: true, stdout: true, stderr: true })
    const output = new PassThrough()
    docker.modem.demuxStream(stream, output, output)
    for (const event of ['end', 'close', 'error']) stream.on(event, () => output.end())
    const read = readLines(output, onLine)
    await container.start()
    const [{ StatusCode }, text] = await Promise.all([container.wait(), read])
    return { exitCode: StatusCode, output: text }
  } catch (cause) {
    if (stop?.aborted) return { exitCode: -1, output: 'ended before it was through' }
    if (cause instanceof AppError) throw cause
    throw new AppError(
      `A container over ${mounts.map(({ volume }) => volume).join(', ')} cannot be run: ${dockerMessage(cause)}.`,
      {
        exitCode: exitCodes.failed,
        hint: `docker run --rm --entrypoint true ${image}`,
        cause,
      },
    )
  } finally {
    stop?.removeEventListener('abort', end)
    await remove()
  }
}

const readLines = async (output: PassThrough, onLine: ThrowawayOptions['onLine']): Promise<string> => {
  let text = ''
  let rest = ''
  for await (const chunk of output) {
    text += chunk
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine?.(line)
  }
  return text
}

/** A volume that its maker removes, or else a later run's `removeThrowaways`. */
export const makeScratchVolume = async (
  docker: Docker,
  { name, owner }: { name: string; owner: string },
): Promise<void> => {
  await docker.createVolume({ Name: name, Labels: { [ownerLabel]: owner } })
}

const listLabelled = (docker: Docker, label: string) =>
  docker.listContainers({ all: true, filters: { label: [label] } })

/** Removes what a run that was killed left at work on a host's volume. Whoever calls this holds the host alone. */
export const removeThrowaways = async (docker: Docker, owner: string): Promise<void> => {
  for (const { Id } of await listLabelled(docker, `${ownerLabel}=${owner}`)) {
    for (const guest of await listLabelled(docker, `${serverLabel}=${Id}`))
      await removeContainer(docker, guest.Id)
    await removeContainer(docker, Id)
  }
  const { Volumes } = await docker.listVolumes({ filters: { label: [`${ownerLabel}=${owner}`] } })
  for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove()
}
