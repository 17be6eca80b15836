import { realpathSync } from 'node:fs'
import { paintFor } from '../frame/options.ts'
import { isReset } from '../model/cutover.ts'
import type { RunResult } from '../run/run-result.ts'
import { refuseHalfWay } from '../run/unfinished.ts'
import { begin, type CutoverSession } from './conduct.ts'
import { requireCopySpace } from './disk-space.ts'
import { lockWhereAnswering } from './lock-where-answering.ts'
import { planCutover } from './plan/cutover.ts'
import { checkCutover } from './preflight.ts'
import { renderSurvey } from './report/survey.ts'
import { survey } from './survey.ts'
import { tryVolume } from './try-volume.ts'
import { readCutoverWorld } from './world.ts'

/** A new cutover: everything is checked, planned and shown before the question. */
export const beginCutover = async (session: CutoverSession): Promise<RunResult> => {
  const { run, config, host, opened, options, context } = session
  refuseHalfWay(opened.state, host)
  const { docker, servers, passEnv, image, state } = opened
  const read = await readCutoverWorld({ config, host, docker, passEnv, run: run.id })
  const { environments, containers } = read
  const fileOf = (name: string): string => realpathSync(servers.supplied(name).config.file)
  const configs = Object.fromEntries(environments.map((name) => [name, fileOf(name)]))
  await checkCutover({ docker, host, passEnv, servers, environments, containers })
  const data = read.volumeExists ? await tryVolume({ docker, image, run: run.id, host, state }) : undefined
  const world = { ...read, configs, data }
  if (isReset(host.cutover)) {
    await lockWhereAnswering({ docker, host, servers, interrupt: context.interrupt, report: run.report })
    if (world.volumeExists) await requireCopySpace({ docker, host, run: run.id, image, state })
    return begin(session, planCutover({ ...world, carried: { databases: [], roles: [] } }))
  }
  const { stop } = context
  const found = await survey(
    {
      docker,
      host,
      passEnv,
      servers,
      run: run.id,
      image,
      state,
      report: run.report,
      stop,
      environments,
      drop: options.drop,
      directory: config.directory,
    },
    context,
  )
  const shown = renderSurvey(found, paintFor(context.stderr, options, context))
  return begin(session, planCutover({ ...world, carried: found.carried, dropped: options.drop }), shown)
}
