import { type CutoverTools, ownerOf, type StepResult } from './tools.ts'
import { copyVolume } from './volume-copy.ts'

const megabyte = 1e6

/** One volume to another, compared; told as it goes on. */
export const copyOver = async (
  tools: CutoverTools,
  { from, to, requireClean }: { from: string; to: string; requireClean: boolean },
): Promise<StepResult> => {
  const { docker, image, stop, report, frame } = tools
  const copied = await copyVolume(docker.client, {
    from,
    to,
    image,
    owner: ownerOf(tools),
    stop,
    requireClean,
    data: frame.data,
    onProgress: (done, total) => report.progress(`${done.toFixed(0)} of ${total.toFixed(0)} MB`),
  })
  const { bytes, ms } = copied
  report.note(`${from}: ${(bytes / megabyte).toFixed(0)} MB copied to ${to} and compared`)
  return { copied: { bytes, ms } }
}
