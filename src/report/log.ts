import type { Words } from '../model/kind.ts'
import type { Report } from './report.ts'
import type { RunEvent } from './run-documents.ts'

/** A line of a detached run's log. */
type LogLine =
  | { event: RunEvent; line?: string | Words }
  | { note: string }
  | { result: string }
  | { progress: string }

const between = 250

/** Everything a report is told, as lines that `replay` tells to another. */
export const logReport = (write: (line: string) => void): Report => {
  const line = (value: LogLine): void => write(JSON.stringify(value))
  let last = Number.NEGATIVE_INFINITY
  return {
    event: (event, words) => line({ event, ...(words && { line: words }) }),
    note: (note) => line({ note }),
    result: (result) => line({ result }),
    progress: (progress) => {
      if (performance.now() - last < between) return
      last = performance.now()
      line({ progress })
    },
    close: () => {},
  }
}

const parse = (text: string): LogLine => {
  try {
    return JSON.parse(text)
  } catch {
    // Words of a process that broke: whoever looks has to see them.
    return { note: text }
  }
}

/** Tells a report what a line of the log says, and answers its event, if it is one. */
export const replay = (text: string, report: Report): RunEvent | undefined => {
  if (text === '') return undefined
  const line = parse(text)
  if ('event' in line) {
    report.event(line.event, line.line)
    return line.event
  }
  if ('note' in line) report.note(line.note)
  else if ('result' in line) report.result(line.result)
  else report.progress(line.progress)
  return undefined
}
