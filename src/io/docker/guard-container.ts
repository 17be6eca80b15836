import type { Container } from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import type { Holder } from '../../model/holder.ts'
import { type Docker, dockerMessage, httpStatus } from './docker.ts'
import { declaredVolumes } from './image.ts'
import { labels, labelsOf } from './labels.ts'
import { removeContainer } from './remove-container.ts'
import { guardName } from './volume-holder.ts'

export type GuardOptions = {
  volume: string
  /** Tried in turn: one will do that is on this machine and has a shell. */
  images: readonly string[]
  holder: Holder
}

/** What acts on a volume holds this; no two runs do, whatever their state directory, their project or their machine. */
export type VolumeGuard = AsyncDisposable & {
  id: string
  /** Aborted with an AppError (exit 1) when the container ends before its time: then nobody keeps others from the volume. */
  lost: AbortSignal
  /** Asks Docker for it. @throws AppError (exit 1) as `lost` has it. */
  verify: () => Promise<void>
}

/** Reads our stdin, which ends with this process, however that dies; it mounts nothing, since a wipe removes the volume. */
const script = 'exec cat >/dev/null'

/** Nobody keeps others from the volume any more. */
export const gone = (volume: string): AppError =>
  new AppError(`The guard of the volume ${volume} is gone.`, {
    exitCode: exitCodes.failed,
    details: [
      `Docker was restarted, or somebody removed ${guardName(volume)}: another run may be at work on the volume.`,
    ],
  })

const create = async (docker: Docker, image: string, options: GuardOptions): Promise<Container> => {
  const { volume, holder } = options
  const declared = await declaredVolumes(docker, image)
  return docker.createContainer({
    name: guardName(volume),
    Image: image,
    Entrypoint: ['/bin/sh', '-c', script],
    Cmd: [],
    User: '65534:65534',
    WorkingDir: '/',
    Labels: {
      [labels.guard]: volume,
      [labels.holder]: JSON.stringify(holder),
      ...labelsOf({ run: holder.run, project: holder.project }),
    },
    AttachStdin: true,
    AttachStdout: true,
    OpenStdin: true,
    StdinOnce: true,
    // cat as process 1 does not hear SIGTERM, and dockerd would wait for it when it ends.
    StopSignal: 'SIGKILL',
    HostConfig: {
      AutoRemove: true,
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'none', Config: {} },
      Tmpfs: declared,
    },
  })
}

const start = async (docker: Docker, container: Container, volume: string): Promise<VolumeGuard> => {
  const losing = new AbortController()
  let isEnding = false
  // Its stdout says nothing, and ends with it.
  const stdin = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true })
  for (const event of ['end', 'close', 'error'])
    stdin.on(event, () => {
      if (!isEnding) losing.abort(gone(volume))
    })
  stdin.resume()
  await container.start()
  const { id } = container
  const isThere = async (): Promise<boolean> => {
    try {
      return (await container.inspect()).State.Running
    } catch (error) {
      if (httpStatus(error) === 404) return false
      throw error
    }
  }
  const verify = async (): Promise<void> => {
    // A daemon that was restarted may have kept the container, but then it does not end with us any more.
    if (!(await isThere())) losing.abort(gone(volume))
    losing.signal.throwIfAborted()
  }
  await verify()
  return {
    id,
    lost: losing.signal,
    verify,
    [Symbol.asyncDispose]: async () => {
      isEnding = true
      stdin.end()
      // An engine that does not answer must not hide how the run ended; the container ends with this process anyway.
      await removeContainer(docker, id).catch(() => {})
    },
  }
}

type Attempt = VolumeGuard | 'taken' | 'again'

const remove = (docker: Docker, id: string): Promise<void> => removeContainer(docker, id).catch(() => {})

/** Another image may have what this one lacks; a container that somebody took for a dead one is made again. */
const tryImage = async (docker: Docker, image: string, options: GuardOptions): Promise<Attempt> => {
  let made: Container | undefined
  try {
    made = await create(docker, image, options)
    return await start(docker, made, options.volume)
  } catch (error) {
    if (made) await remove(docker, made.id)
    if (!made && httpStatus(error) === 409) return 'taken'
    if (made && (httpStatus(error) === 404 || error instanceof AppError)) return 'again'
    throw error
  }
}

const unavailable = ({ volume, images }: GuardOptions, causes: readonly unknown[]): AppError => {
  const cause = causes.find((error) => httpStatus(error) !== 404) ?? causes[0]
  return new AppError(
    `The guard of the volume ${volume} cannot be started: ${cause === undefined ? 'no image' : dockerMessage(cause)}.`,
    {
      exitCode: exitCodes.unreachable,
      details: ['It is what keeps other runs from the volume.'],
      hint: `docker pull ${images[0] ?? 'IMAGE'}`,
      ...(cause !== undefined && { cause }),
    },
  )
}

/**
 * Makes the container and starts it: the guard, or that somebody else has its name, or that it ended at once.
 * @throws AppError (exit 6) when no image can run it.
 */
export const startGuard = async (docker: Docker, options: GuardOptions): Promise<Attempt> => {
  const causes: unknown[] = []
  for (const image of options.images)
    try {
      return await tryImage(docker, image, options)
    } catch (error) {
      if (httpStatus(error) === undefined) throw error
      causes.push(error)
    }
  throw unavailable(options, causes)
}
