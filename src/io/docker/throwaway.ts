import { PassThrough } from 'node:stream'
import { AppError, exitCodes } from '../../errors.ts'
import { type Docker, dockerMessage } from './docker.ts'
import { declaredVolumes } from './image.ts'
import { labels, labelsOf } from './labels.ts'
import { removeContainer } from './remove-container.ts'

/** Whose a throwaway container or volume is; by the host's volume a later run finds what a dead one left at work. */
export type Owner = { volume: string; run: string; project: string }

export type ThrowawayOptions = {
  /** Present already: nothing is pulled. */
  image: string
  owner: Owner
  /** `$1`, `$2` … are `args`. */
  script: string
  args?: readonly string[]
  mounts: readonly { volume: string; path: string; readOnly?: boolean }[]
  /** Each line of its stdout, as it comes. */
  onLine?: (line: string) => void
  /** Ends it now. */
  stop?: AbortSignal
}

/**
 * Runs a shell script in a container of its own over some volumes: as root, since it handles files of any owner, but without
 * a network and without any other right. The container is gone when this returns.
 * @throws AppError (exit 1) when it cannot be started, (exit 6) when the engine is gone meanwhile.
 */
export const runThrowaway = async (
  docker: Docker,
  options: ThrowawayOptions,
): Promise<{ exitCode: number; output: string }> => {
  const { image, owner, script, args = [], mounts, onLine, stop } = options
  let container: Awaited<ReturnType<Docker['createContainer']>> | undefined
  const remove = async (): Promise<void> => {
    await container?.remove({ force: true, v: true }).catch(() => {})
  }
  const end = (): void => void remove()
  try {
    const declared = await declaredVolumes(docker, image)
    container = await docker.createContainer({
      Image: image,
      Entrypoint: ['/bin/sh', '-c', script, 'po-migrate', ...args],
      Cmd: [],
      User: '0:0',
      WorkingDir: '/',
      // What it says is looked at.
      Env: ['LC_ALL=C'],
      Labels: labelsOf(owner),
      HostConfig: {
        AutoRemove: false,
        Init: true,
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID'],
        SecurityOpt: ['no-new-privileges'],
        LogConfig: { Type: 'none', Config: {} },
        Tmpfs: { ...declared, '/tmp': 'size=64m' },
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
  { name, owner }: { name: string; owner: Owner },
): Promise<void> => {
  await docker.createVolume({ Name: name, Labels: labelsOf(owner) })
}

/** Without a label it is of a release that wrote none, and counts as ours. */
export const isForeign = (
  found: Readonly<Record<string, string>> | undefined,
  projects: readonly string[],
): boolean => {
  const project = found?.[labels.project]
  return project !== undefined && !projects.includes(project)
}

const listLabelled = (docker: Docker, label: string) =>
  docker.listContainers({ all: true, filters: { label: [label] } })

/**
 * Ends what a run that was killed left at work on a host's volume, whosever it was: whoever calls this holds the volume's
 * guard, and nobody else may write to it. A scratch volume is in nobody's way: another project's is left.
 */
export const removeThrowaways = async (
  docker: Docker,
  { volume, projects }: { volume: string; projects: readonly string[] },
): Promise<void> => {
  for (const { Id } of await listLabelled(docker, `${labels.volume}=${volume}`)) {
    for (const guest of await listLabelled(docker, `${labels.server}=${Id}`))
      await removeContainer(docker, guest.Id)
    await removeContainer(docker, Id)
  }
  const { Volumes } = await docker.listVolumes({ filters: { label: [`${labels.volume}=${volume}`] } })
  for (const { Name, Labels } of Volumes ?? [])
    if (!isForeign(Labels, projects)) await docker.getVolume(Name).remove()
}
