import type { Output } from '../model/context.ts'
import { describeCutoverStep } from './cutover-step.ts'
import type { Paint } from './paint.ts'
import { renderDuration } from './render.ts'
import type { Report } from './report.ts'
import type { RunEvent } from './run-documents.ts'

type StepEvent = Extract<RunEvent, { event: 'step.started' | 'step.finished' }>

const heartbeat = 15_000
const frame = 120

const describe = (event: StepEvent, column: number): string => {
  const { kind, database = '', migration = '' } = event
  switch (kind) {
    case 'create-network':
      return `create network ${event.network}`
    case 'create-volume':
      return `create volume ${event.volume}`
    case 'start-stack':
      return `start ${event.stack}, wait until healthy`
    case 'pull-image':
      return `pull ${event.image}`
    case 'create-database':
      return `${database.padEnd(column)}  create database`
    case 'apply-migration':
      return `${database.padEnd(column)}  ${migration}`
    case 'rollback-migration':
      return `${database.padEnd(column)}  roll back ${migration}`
    case 'accept-edit':
      return `${database.padEnd(column)}  accept the edit of ${migration}`
    case 'dump-database':
      return `${database.padEnd(column)}  dump`
    case 'dump-roles':
      return `${'roles'.padEnd(column)}  dump`
    case 'prove-backup':
      return 'prove: restore into a scratch server, compare'
    case 'keep-backup':
      return `keep ${event.directory}`
    case 'create-roles':
      return `${'roles'.padEnd(column)}  create ${event.roles?.join(', ')}`
    case 'restore-beside':
      return `${database.padEnd(column)}  restore beside it, compare`
    case 'swap-databases':
      return `swap ${event.databases?.join(', ')}`
    case 'drop-replaced':
      return `${database.padEnd(column)}  drop`
    default:
      return describeCutoverStep(kind, event).join(': ')
  }
}

type LiveOptions = { stream: Output; paint: Paint; isLive: boolean }

/** The running step: a line that moves on a terminal, a sign of life every 15 s elsewhere. */
const liveLine = ({ stream, paint, isLive }: LiveOptions) => {
  let text = ''
  let state = ''
  let started = 0
  let timer: NodeJS.Timeout | undefined
  const elapsed = (): string => renderDuration(Date.now() - started)
  const draw = (): void => {
    const symbol =
      paint.symbols.running[Math.floor((Date.now() - started) / frame) % paint.symbols.running.length]
    const line = `${symbol} ${text}  ${elapsed()}${state ? `  ${state}` : ''}`
    stream.write(`\r\x1b[K${[...line].slice(0, (stream.columns ?? 80) - 1).join('')}`)
  }
  const beat = (): void =>
    void stream.write(`  ${text}: still running, ${elapsed()}${state ? `, ${state}` : ''}\n`)
  return {
    start: (next: string): void => {
      text = next
      state = ''
      started = Date.now()
      timer = isLive ? setInterval(draw, frame) : setInterval(beat, heartbeat)
      timer.unref()
      if (isLive) draw()
    },
    say: (next: string): void => {
      state = next
    },
    /** Makes room for a line of something else; the next frame draws it anew. */
    clear: (): void => {
      if (isLive && timer) stream.write('\r\x1b[K')
    },
    stop: (): void => {
      clearInterval(timer)
      if (isLive && timer) stream.write('\r\x1b[K')
      timer = undefined
    },
  }
}

export type TextReportOptions = {
  stdout: Output
  stderr: Output
  paint: Paint
  quiet: boolean
  live: boolean
}

/** Narration for people, on stderr. `quiet` leaves only what failed. */
export const textReport = ({ stdout, stderr, paint, quiet, live: isLive }: TextReportOptions): Report => {
  const live = liveLine({ stream: stderr, paint, isLive })
  const { symbols, green, red, dim } = paint
  let column = 0
  const finished = (event: Extract<RunEvent, { event: 'step.finished' }>): void => {
    live.stop()
    if (event.status === 'failed' || (event.status === 'done' && !quiet)) {
      const symbol = event.status === 'done' ? green(symbols.done) : red(symbols.failed)
      stderr.write(`${symbol} ${describe(event, column)}  ${dim(renderDuration(event.ms))}\n`)
    }
  }
  return {
    event: (event) => {
      if (event.event === 'run.started')
        column = Math.max(0, ...(event.plan?.steps.map(({ database }) => database?.length ?? 0) ?? []))
      if (event.event === 'step.started' && !quiet) live.start(describe(event, column))
      if (event.event === 'step.finished') finished(event)
    },
    note: (text) => {
      if (quiet) return
      live.clear()
      stderr.write(`${text}\n`)
    },
    result: (text) => void stdout.write(text),
    progress: live.say,
    close: live.stop,
  }
}
