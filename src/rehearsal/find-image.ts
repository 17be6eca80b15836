import { AppError } from '../errors.ts'
import { dockerMessage } from '../io/docker/docker.ts'
import { hasImage } from '../io/docker/image.ts'
import type { Engine } from '../io/engine.ts'
import { readImageOf } from '../io/postgres/scratch-server.ts'
import type { Hindrance } from './plan/add-rehearsal.ts'

const period = /\.$/

/** The image that the server runs, or that its tools are from. */
const imageOf = async (engine: Engine): Promise<string | undefined> => {
  const { shared, server } = engine
  if (!shared) return undefined
  if (server.address) return await shared.toolsImage()
  return await readImageOf(shared.docker, (await shared.tools()).container)
}

/** What a scratch server of this engine's Postgres would run, or why there can be none. */
export const findImage = async (engine: Engine): Promise<{ image: string } | Hindrance> => {
  try {
    const image = await imageOf(engine)
    if (!engine.shared || image === undefined)
      return {
        why: engine.unshared?.message.replace(period, '') ?? 'the embedded engine has no scratch server',
      }
    if (await hasImage(engine.shared.docker, image)) return { image }
    return { why: `the image ${image} is not on this machine`, hint: `docker pull ${image}` }
  } catch (error) {
    return { why: error instanceof AppError ? error.message : dockerMessage(error) }
  }
}
