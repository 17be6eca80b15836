import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { eventDocument, type RunEvent } from '../../../src/report/run-documents.ts'
import { eventually } from '../engine/docker.ts'
import { baseEnv } from '../tool/tool.ts'
import { bounded, type FaultWorld } from './world.ts'

const bundle = join(import.meta.dirname, '../../../dist/po-migrate.cjs')

export type Ended = {
  exit: number | null
  signal: string | null
  stderr: string
  events: readonly RunEvent[]
}

/** The built tool as a process of its own. */
export type ToolProcess = {
  kill: () => void
  /** The first event of that kind. @throws when the process ended without it. */
  event: (what: string, is: (event: RunEvent) => boolean) => Promise<RunEvent>
  ended: (ms: number) => Promise<Ended>
}

export const startTool = (world: FaultWorld, args: readonly string[]): ToolProcess => {
  const env = { ...baseEnv(), ...world.env }
  const child = spawn(process.execPath, [bundle, ...args], {
    cwd: world.project.directory,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const events: RunEvent[] = []
  let rest = ''
  let stderr = ''
  let over: Ended | undefined
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) events.push(eventDocument.parse(JSON.parse(line)))
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8')
  })
  const end = new Promise<Ended>((resolve) =>
    child.once('close', (exit, signal) => {
      over = { exit, signal, stderr, events }
      resolve(over)
    }),
  )
  return {
    kill: () => void child.kill('SIGKILL'),
    event: (what, is) =>
      eventually(
        what,
        () => {
          const found = events.find(is)
          if (!found && over) throw new Error(`ended before ${what}: ${describeEnd(over)}`)
          return found
        },
        60_000,
      ),
    ended: async (ms) => {
      try {
        return await bounded(`po-migrate ${args.join(' ')}`, ms, end)
      } catch (error) {
        child.kill('SIGKILL')
        const last = events.at(-1)
        throw new Error(`${(error as Error).message}; its last event: ${JSON.stringify(last)}; ${stderr}`)
      }
    },
  }
}

type Failure = { message: string; details: readonly string[] }

/** What the run said went wrong. */
export const failureOf = ({ events }: Ended): Failure | undefined => {
  const last = events.at(-1)
  return last?.event === 'run.finished' ? last.error : undefined
}

export const describeEnd = (ended: Ended): string => {
  const failure = failureOf(ended)
  const words = failure ? [failure.message, ...failure.details].join(' / ') : ''
  return `exit ${ended.exit ?? ended.signal}: ${words || ended.stderr.slice(-500)}`
}
