import type { Readable } from 'node:stream'
import { AppError, exitCodes } from '../../errors.ts'
import { type Docker, dockerMessage, httpStatus } from './docker.ts'
import type { RegistryCredentials } from './registry-auth.ts'

export const hasImage = async (docker: Docker, reference: string): Promise<boolean> => {
  try {
    await docker.getImage(reference).inspect()
    return true
  } catch (error) {
    if (httpStatus(error) === 404) return false
    if (error instanceof AppError) throw error
    throw new AppError(`Docker cannot tell of the image ${reference}: ${dockerMessage(error)}.`, {
      exitCode: exitCodes.unreachable,
      hint: `docker image inspect ${reference}`,
    })
  }
}

/** The engine's id of an image, `sha256:…`; what really ran, whatever the tag said. */
export const readImageId = async (docker: Docker, reference: string): Promise<string> =>
  (await docker.getImage(reference).inspect()).Id

/** A variable that an image gives to its containers. */
export const readImageVariable = async (
  docker: Docker,
  reference: string,
  name: string,
): Promise<string | undefined> => {
  const { Config } = await docker.getImage(reference).inspect()
  return Config.Env?.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** Something small where an image declares volumes, or Docker would make one for each; by path, as a container's `Tmpfs`. */
export const declaredVolumes = async (docker: Docker, reference: string): Promise<Record<string, string>> => {
  const { Config } = await docker.getImage(reference).inspect()
  return Object.fromEntries(Object.keys(Config.Volumes ?? {}).map((path) => [path, 'size=1m']))
}

export type PullOptions = {
  reference: string
  registry: string
  credentials: RegistryCredentials | undefined
  /** Bytes so far and in all, over the layers known by then. */
  onProgress: (bytes: { done: number; total: number }) => void
}

/** Milliseconds: a registry that sends nothing for so long is out of reach; unpacking tells of itself too. */
const stalledAfter = 300_000

type PullEvent = { id?: string; status?: string; progressDetail?: { current?: number; total?: number } }

const denied = /denied|unauthorized|authentication required|no basic auth/i
const noSuchImage = /not found|manifest unknown|does not exist/i

const explain = (cause: unknown, { reference, registry, credentials }: PullOptions): AppError => {
  const text = dockerMessage(cause)
  const fail = (message: string, hint: string): AppError =>
    new AppError(message, { exitCode: exitCodes.unreachable, hint, cause })
  const login = registry === 'docker.io' ? 'docker login' : `docker login ${registry}`
  if (denied.test(text)) {
    const who = credentials ? 'the login stored for it was refused' : 'no login is stored for it'
    return fail(`The image ${reference} was denied by ${registry} (${who}): ${text}.`, login)
  }
  if (noSuchImage.test(text))
    return fail(`The image ${reference} does not exist: ${text}.`, 'correct dbmate.image in the config')
  return fail(
    `The image ${reference} is not on this machine and cannot be pulled: ${text}.`,
    `docker pull ${reference}`,
  )
}

/**
 * Pulls an image with the operator's own `docker login`.
 * @throws AppError (exit 6): denied, missing, registry out of reach.
 */
export const pullImage = async (docker: Docker, options: PullOptions): Promise<void> => {
  const { reference, credentials, onProgress } = options
  const layers = new Map<string, { current: number; total: number }>()
  const follow = ({ id, status, progressDetail }: PullEvent): void => {
    if (!id || status !== 'Downloading' || !progressDetail?.total) return
    layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total })
    const all = [...layers.values()]
    onProgress({
      done: all.reduce((sum, { current }) => sum + current, 0),
      total: all.reduce((sum, { total }) => sum + total, 0),
    })
  }
  try {
    const stream = await docker.pull(reference, credentials ? { authconfig: credentials } : {})
    await new Promise<void>((resolve, reject) => {
      const stall = (): void => reject(new Error(`nothing came for ${stalledAfter / 1000} s`))
      let timer = setTimeout(stall, stalledAfter)
      const heard = (event: PullEvent): void => {
        clearTimeout(timer)
        timer = setTimeout(stall, stalledAfter)
        follow(event)
      }
      const finish = (error: Error | null): void => {
        clearTimeout(timer)
        if (error) reject(error)
        else resolve()
      }
      docker.modem.followProgress(stream, finish, heard)
    }).finally(() => (stream as Readable).destroy())
  } catch (cause) {
    throw cause instanceof AppError ? cause : explain(cause, options)
  }
}
