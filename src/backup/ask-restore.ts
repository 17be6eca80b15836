import type { GlobalOptions } from '../frame/options.ts'
import type { Context } from '../model/context.ts'
import type { Manifest } from '../model/manifest.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import { confirm, isConfirmed, type Question } from '../report/confirm.ts'
import type { Origin } from './adopt-owner.ts'

type Replacing = { environment: Environment; state: State; manifest: Manifest; origin: Origin }

/** What is not this project's for sure is asked about everywhere. */
const aboutOf = ({ environment: { name }, state, manifest, origin }: Replacing): string => {
  const about = `Replacing these databases of ${name}`
  if (origin === 'own') return about
  if (origin !== 'unknown')
    return `${about} (project ${state.project}) by a backup of the project ${origin.project}`
  return `${about} by a backup that names no project (po-migrate ${manifest.tool}, of "${manifest.environment}")`
}

export const isAsked = ({ environment, origin }: Replacing): boolean =>
  origin !== 'own' || environment.confirm || environment.host.shared === true

export type AskOptions = {
  options: GlobalOptions
  /** The command line. */
  typed: string
  /** The plan. */
  text: string
}

/** Whoever is asked sees what about, also where nothing else is told. */
export const askFirst = async (
  replacing: Replacing,
  { options, typed, text }: AskOptions,
  context: Context,
): Promise<void> => {
  if (!isAsked(replacing)) return
  const about = aboutOf(replacing)
  const given = options.confirm ?? context.env.CONFIRM
  const command = `${typed} --confirm yes`
  const question: Question = { about, answer: 'yes', given, command }
  if (isConfirmed(question, context)) return
  if (options.json || options.quiet) context.stderr.write(`${text}\n`)
  await confirm(question, context)
}
