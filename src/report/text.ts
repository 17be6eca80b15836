import { cellsOf, firstCells } from '../model/columns.ts'
import type { Output } from '../model/context.ts'
import type { Words } from '../model/kind.ts'
import { type Crowd, crowdOf } from './crowd.ts'
import type { Paint } from './paint.ts'
import { renderDuration } from './render.ts'
import type { Report } from './report.ts'
import type { RunEvent } from './run-documents.ts'

const heartbeat = 15_000
const frame = 120

/** Logs of older releases have a step's names only. */
const namedIn = (event: RunEvent): string | Words => {
  if (event.event !== 'step.started' && event.event !== 'step.finished') return ''
  const { kind, database, migration, stack, volume } = event
  return database ? [database, migration ?? kind] : [kind, stack ?? volume ?? ''].join(' ').trim()
}

/** Wider names are not waited for. */
const widest = 48
/** Of a step's line: its sign, the blanks between, how long it took. */
const beside = 13

/** Widths of the columns of a plan: its databases, its migrations. */
const widthsOf = ({ plan }: Extract<RunEvent, { event: 'run.started' }>, { columns = Infinity }: Paint) => {
  const steps = plan?.steps ?? []
  const width = (texts: readonly (string | undefined)[]): number =>
    Math.max(0, ...texts.map((text) => text?.length ?? 0))
  const first = width(steps.map(({ database }) => database))
  const room = Math.max(0, columns - first - beside)
  return {
    first,
    second: Math.min(widest, room, width(steps.map(({ migration }) => migration))),
    total: steps.length,
  }
}

type Widths = ReturnType<typeof widthsOf>

const inColumns = (line: string | Words, { first, second }: Widths): string =>
  typeof line === 'string' ? line : `${line[0].padEnd(first)}  ${line[1].padEnd(second)}`

const counted = (step: number, { total }: Widths): string => (total > 1 ? `${step}/${total} ` : '')

type LiveOptions = { stream: Output; paint: Paint; isLive: boolean }

/** The running step: a line that moves on a terminal, a sign of life every 15 s elsewhere. */
const liveLine = ({ stream, paint, isLive }: LiveOptions) => {
  let text = ''
  let state = ''
  let started = 0
  let timer: NodeJS.Timeout | undefined
  const elapsed = (): string => renderDuration(Math.round(performance.now() - started))
  const draw = (): void => {
    const symbol =
      paint.symbols.running[Math.floor((performance.now() - started) / frame) % paint.symbols.running.length]
    const line = `${symbol} ${text}  ${elapsed()}${state ? `  ${state}` : ''}`
    stream.write(`\r\x1b[K${firstCells(cellsOf(line), (stream.columns || 80) - 1).join('')}`)
  }
  const beat = (): void =>
    void stream.write(`  ${text}: still running, ${elapsed()}${state ? `, ${state}` : ''}\n`)
  return {
    start: (next: string): void => {
      text = next
      state = ''
      started = performance.now()
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
  let widths: Widths = { first: 0, second: 0, total: 0 }
  let crowd: Crowd | undefined
  let command = ''
  let counting = false
  const count = (database = ''): void => {
    if (!crowd || quiet) return
    if (!counting) live.start(command)
    counting = true
    live.say([crowd.words(), ...(database ? [database] : [])].join(' · '))
  }
  const finished = (event: Extract<RunEvent, { event: 'step.finished' }>, line: string): void => {
    crowd?.take(event)
    if (counting) count()
    if (crowd?.isLarge && counting && event.status === 'done') return
    if (counting) live.clear()
    else live.stop()
    if (event.status === 'failed' || (event.status === 'done' && !quiet)) {
      const symbol = event.status === 'done' ? green(symbols.done) : red(symbols.failed)
      stderr.write(`${symbol} ${line}  ${dim(renderDuration(event.ms))}\n`)
    }
  }
  return {
    event: (event, words = namedIn(event)) => {
      const line = inColumns(words, widths)
      if (event.event === 'run.started') {
        widths = widthsOf(event, paint)
        crowd = crowdOf(event)
        command = `${event.command} ${event.environment}`
      }
      if (event.event === 'step.started' && crowd && event.database !== undefined) count(event.database)
      else if (event.event === 'step.started' && !quiet)
        live.start(counted(event.step, widths) + line.trimEnd())
      if (event.event === 'step.finished') finished(event, line)
    },
    note: (text) => {
      if (quiet) return
      live.clear()
      stderr.write(`${text}\n`)
    },
    result: (text) => void stdout.write(text),
    progress: (text) => {
      if (!counting) live.say(text)
    },
    close: live.stop,
  }
}
