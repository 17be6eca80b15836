import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { baseEnv } from '../support/tool/tool.ts'
import { fakeClock } from './clock.ts'
import type { Fault } from './operation.ts'
import type { Site } from './site.ts'

/** As it stands in the lines of `--json`; what a release adds to them is no concern here. */
export type SaidEvent = {
  event: string
  run: string
  kind?: string
  status?: string
  database?: string
  migration?: string
  directory?: string
  exit?: number
  databases?: { database: string; status: string; changed: string[] }[]
  error?: { message: string; details: string[]; hint?: string }
}

/** What a run of the tool said. */
export type Said = {
  command: string
  /** null: it was killed before it ended. */
  exit: number | null
  events: readonly SaidEvent[]
  stdout: string
  stderr: string
}

export type Tool = {
  /** The built bundle. */
  bundle: string
  faketime: string
  env?: Record<string, string>
}

/** Where it is typed, by what clock, and the server beside it. */
export type Place = Pick<Site, 'directory' | 'days'> & {
  psql: (database: string, sql: string) => Promise<unknown>
}

const parseLines = (stdout: string): SaidEvent[] =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{"') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as SaidEvent)

const isReached = (stdout: string, at: number | string): boolean =>
  typeof at === 'number'
    ? stdout.split('\n').length > at
    : parseLines(stdout).some(({ event, kind }) => event === 'step.started' && kind === at)

/** Ends what the tool has open on the server and is not busy, a few times. */
const endSessions = async (site: Place): Promise<void> => {
  const sql = `select pg_terminate_backend(pid) from pg_stat_activity
    where application_name ~ '^[0-9]{8}T' and state = 'idle'`
  for (let round = 0; round < 3; round++) {
    await site.psql('postgres', sql)
    await sleep(150)
  }
}

/** Longest that a run of these small projects may take. */
const longest = 120_000

/** Types a command line in a project, with a fault in its course. @throws when it does not end. */
export const say = async (
  { bundle, faketime, env }: Tool,
  site: Place,
  { args, fault }: { args: readonly string[]; fault?: Fault },
): Promise<Said> => {
  const child = spawn(process.execPath, [bundle, ...args], {
    cwd: site.directory,
    env: { ...baseEnv(), ...env, ...fakeClock(faketime, site.days) } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  let late = false
  const limit = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, longest)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const strike = async ({ kind, at, after }: Fault): Promise<void> => {
    const over = ended.then(() => true)
    const passes = (ms: number): Promise<boolean> => Promise.race([over, sleep(ms, false)])
    while (!isReached(text.stdout, at)) if (await passes(5)) return
    if (await passes(after)) return
    if (kind === 'kill') child.kill('SIGKILL')
    else await endSessions(site)
  }
  const [exit] = await Promise.all([ended, fault && strike(fault)])
  clearTimeout(limit)
  const command = `po-migrate ${args.join(' ')}`
  if (late) throw new Error(`${command} did not end within ${longest / 1000} s: ${text.stderr.slice(-800)}`)
  return { command, exit, events: parseLines(text.stdout), ...text }
}

export const runOf = ({ events }: Said): string | undefined => events[0]?.run

export const finishedOf = ({ events }: Said): SaidEvent | undefined => {
  const last = events.at(-1)
  return last?.event === 'run.finished' ? last : undefined
}

/** Files of finished steps, by database. */
export const doneIn = (said: Said, kind: string): Record<string, string[]> => {
  const found: Record<string, string[]> = {}
  for (const { event, kind: of, status, database = '', migration = '' } of said.events)
    if (event === 'step.finished' && of === kind && status === 'done')
      found[database] = [...(found[database] ?? []), migration.slice(0, 5)]
  return found
}

export const describeSaid = ({ command, exit, stderr, events }: Said): string => {
  const error = events.at(-1)?.error
  const words = error ? [error.message, ...error.details, error.hint].join(' / ') : stderr.slice(-1500)
  return `${command}: exit ${exit ?? 'SIGKILL'}: ${words}`
}
