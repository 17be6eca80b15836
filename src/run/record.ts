import { resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { type OutputFile, openOutput } from '../io/host/output-file.ts'
import { renderJunit } from '../report/junit.ts'
import type { Report } from '../report/report.ts'
import type { RunEvent } from '../report/run-documents.ts'

export type RecordFiles = { events?: string | undefined; junit?: string | undefined }

export type RecordOptions = {
  files: RecordFiles
  cwd: string
  /** Says, once a file, that it takes nothing more: the run goes on, and its exit code is its own. */
  complain: (text: string) => void
}

const open = (file: string | undefined, { cwd, complain }: RecordOptions): OutputFile | undefined => {
  if (!file) return undefined
  const path = resolve(cwd, file)
  try {
    return openOutput(path, (why) =>
      complain(`${path} is not complete: ${why}; the run goes on without it\n`),
    )
  } catch (error) {
    throw usageError(
      `Cannot write ${path}: ${(error as Error).message}`,
      'name another file, or leave it out',
    )
  }
}

/**
 * A report that is also written to files: events as they come, one a line; JUnit when the run has ended.
 * @throws AppError (exit 2) when a file can't be opened, before anything has begun.
 */
export const recorded = (report: Report, options: RecordOptions): Report => {
  const events = open(options.files.events, options)
  const junit = open(options.files.junit, options)
  if (!events && !junit) return report
  const seen: RunEvent[] = []
  return {
    ...report,
    event: (event, line) => {
      report.event(event, line)
      seen.push(event)
      events?.write(`${JSON.stringify(event)}\n`)
      if (event.event !== 'run.finished') return
      events?.close()
      junit?.write(renderJunit(seen))
      junit?.close()
    },
  }
}
