import type { Config } from '../config/load.ts'
import { dbmateImage, resolveEnvironment } from '../config/resolve.ts'
import { stateOf } from '../config/state.ts'
import { type DockerHost, openDockerHost } from '../io/docker/host.ts'
import { hasImage, readImageId } from '../io/docker/image.ts'
import { pullFor } from '../io/docker/pull-for.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import type { Report } from '../report/report.ts'
import { findImage, requireSomeDocker } from './verify-image.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

export type VerifyBenchRequest = {
  config: Config
  run: string
  report: Report
  /** Instead of an environment's. */
  image?: string | undefined
}

/** In the place of a real server's id on its label. */
const nobody = 'verify'

const pullMissing = async (host: DockerHost, reference: string, report: Report): Promise<void> => {
  if (await hasImage(host.client, reference)) return
  await pullFor(host, reference, (text) => report.progress(`pull ${reference}: ${text}`))
}

/**
 * A throwaway server of an environment's image that stands for no server: with no role and no library but its own.
 * @throws AppError (exit 2) where no image is told, (exit 6) where it cannot be had, (exit 1) when it does not start.
 */
export const openVerifyBench = async (
  { config, run, report, image }: VerifyBenchRequest,
  context: Context,
): Promise<Workbench & { image: string }> => {
  if (image === undefined) requireSomeDocker(config)
  const host = await openDockerHost(context.env, shellUntil(context.stop))
  const found = image === undefined ? await findImage(host, config) : { image, environment: undefined }
  const [first = ''] = Object.keys(config.environments)
  const environment = found.environment ?? resolveEnvironment(config, first)
  for (const reference of [found.image, dbmateImage(config)]) await pullMissing(host, reference, report)
  report.progress('starting a scratch server')
  const bench = await openWorkbench({
    docker: host.client,
    image: await readImageId(host.client, found.image),
    run,
    environment: nobody,
    project: stateOf(config, environment.host, context.env).project,
    user: environment.user,
    migrator: environment.user,
    postgres: nobody,
    databases: [],
    preload: '',
    signal: context.interrupt,
    dbmateImage: dbmateImage(config),
    madeByFiles: new Set(),
  })
  return { ...bench, image: found.image }
}
