import type { Config } from '../config/load.ts'
import { AppError, type ExitCode, exitCodes } from '../errors.ts'
import type { GlobalOptions } from '../frame/options.ts'
import { readRevision } from '../io/host/git.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import type { Environment } from '../model/types.ts'
import type { StatusDocument } from '../report/documents.ts'
import { describeError } from '../report/report.ts'
import { directoryOn, runRemote } from './call.ts'
import { requireElsewhere } from './place.ts'

type EnvironmentStatus = StatusDocument['environments'][number]

/** An environment as a document has it, with what that document says about a database. */
type EnvironmentWith<D> = Omit<EnvironmentStatus, 'databases'> & { databases: D[] }

/** One environment as the document has it, and the exit code when it could not be read. */
export type Entry<D = EnvironmentStatus['databases'][number]> = {
  document: EnvironmentWith<D>
  exit?: ExitCode
}

/** A verb that prints one document about several environments. */
export type Reading<D> = {
  verb: string
  /** Its own flags. */
  flags?: readonly string[]
  /** @throws where it is no such document. */
  parse: (document: unknown) => { environments: EnvironmentWith<D>[] }
}

type Group = readonly [Environment, ...Environment[]]

/** Environments that one checkout on one host serves: one connection for all of them. */
const groupByCheckout = (environments: readonly Environment[]): Group[] =>
  [
    ...Map.groupBy(environments, ({ name, host }) => `${host.ssh} ${directoryOn(host, name)}`).values(),
  ] as unknown as Group[]

const unreadable = ({ name, host, network, server }: Environment, error: AppError): Entry<never> => ({
  document: {
    ...{ environment: name, host: host.name, network, ...(server && { server }) },
    databases: [],
    error: describeError(error),
  },
  exit: error.exitCode,
})

const parseAnswer = <D>(text: string, parse: Reading<D>['parse']) => {
  try {
    return parse(JSON.parse(text.trim().split('\n').at(-1) ?? ''))
  } catch {
    return undefined
  }
}

const noAnswer = (host: string, verb: string, exit: ExitCode): AppError =>
  new AppError(`${host} answered ${exit}, and no ${verb}.`, {
    exitCode: exit === exitCodes.done ? exitCodes.unreachable : exit,
  })

type Options = GlobalOptions & { db?: readonly string[] }
type Asked<D> = { config: Config; options: Options; reading: Reading<D> }

const askGroup = async <D>(
  group: Group,
  { config, options, reading }: Asked<D>,
  context: Context,
): Promise<Entry<D>[]> => {
  const { verb, parse, flags = [] } = reading
  const [{ name, host }] = group
  const names = group.map((environment) => environment.name)
  const place = { host, networks: group.flatMap(({ network }) => network || []) }
  await requireElsewhere(place, `${verb} ${names.join(' ')}`, context)
  const { PATH, HOME } = context.env
  const { commit } = await readRevision(config.directory, { PATH, HOME }, shellUntil(context.stop))
  let answer = ''
  const write = (text: string): void => {
    answer += text
  }
  const exit = await runRemote(
    {
      host,
      environment: name,
      args: [verb, ...names, ...(options.db ?? []).flatMap((name) => ['--db', name]), ...flags, '--json'],
      control: 'stdin',
      changes: false,
      quiet: options.quiet,
      commit,
    },
    { ...context, stdout: { write } },
  )
  const document = parseAnswer(answer, parse)
  if (!document) throw noAnswer(host.name, verb, exit)
  return document.environments.map((entry) => ({
    document: entry,
    ...(entry.error && { exit: group.length > 1 ? exitCodes.unreachable : exit }),
  }))
}

/** Asks the other machines; one that can't be reached is told of in place of its environments. */
export const readElsewhere = async <D>(
  environments: readonly Environment[],
  asked: Asked<D>,
  context: Context,
): Promise<Entry<D>[]> => {
  const ask = async (group: Group): Promise<Entry<D>[]> => {
    try {
      return await askGroup(group, asked, context)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return group.map((environment) => unreadable(environment, error))
    }
  }
  return (await Promise.all(groupByCheckout(environments).map(ask))).flat()
}
