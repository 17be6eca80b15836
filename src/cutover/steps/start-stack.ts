import { writeImageOverride } from '../../io/docker/compose.ts'
import { readDatabaseService } from '../../io/docker/compose-parts.ts'
import { readImageId } from '../../io/docker/image.ts'
import type { Stack } from '../../model/types.ts'
import { type StartStack, startStack as start } from '../../run/steps/start-stack.ts'
import type { CutoverKind, CutoverTools } from '../tools.ts'

/** What came back was written by the image of that time: another major version would not start on it. */
const oldImage = async (
  { docker, host, passEnv, servers, frame, state }: CutoverTools,
  stack: Stack,
): Promise<string | undefined> => {
  const { run, environments, fromImage } = frame
  if (fromImage === undefined) return undefined
  const [first = ''] = environments
  const named = servers.supplied(first).environment.service
  const { volume } = host
  const { service, image } = await readDatabaseService(docker, { stack, passEnv, service: named, volume })
  const now = await readImageId(docker.client, image).catch(() => undefined)
  return now === fromImage ? undefined : writeImageOverride(state, run, { service, image: fromImage })
}

export const startStack: CutoverKind<StartStack> = {
  words: start.words,
  perform: async ({ kind, stack }, { tools }) => {
    const over = await oldImage(tools, stack)
    const { docker, passEnv, report } = tools
    const step = { kind, stack: { ...stack, ...(over && { over }) } }
    await start.perform(step, { docker, passEnv, onProgress: report.progress })
    return undefined
  },
}
