import { appendFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { makeDirectories } from '../make-directories.ts'
import { renderJunit } from '../report/junit.ts'
import type { Report } from '../report/report.ts'
import type { RunEvent } from '../report/run-documents.ts'

export type RecordFiles = { events?: string | undefined; junit?: string | undefined }

const prepare = (cwd: string, file: string): string => {
  const path = resolve(cwd, file)
  try {
    makeDirectories(dirname(path))
    writeFileSync(path, '')
    return path
  } catch (error) {
    throw usageError(`Cannot write ${path}: ${(error as Error).message}`)
  }
}

/**
 * A report that is also written to files: events as they come, one a line; JUnit when the run has ended.
 * @throws AppError (exit 2) when a file can't be written, before anything has begun.
 */
export const recorded = (report: Report, files: RecordFiles, cwd: string): Report => {
  const events = files.events && prepare(cwd, files.events)
  const junit = files.junit && prepare(cwd, files.junit)
  if (!events && !junit) return report
  const seen: RunEvent[] = []
  return {
    ...report,
    event: (event) => {
      seen.push(event)
      if (events) appendFileSync(events, `${JSON.stringify(event)}\n`)
      if (junit && event.event === 'run.finished') writeFileSync(junit, renderJunit(seen))
      report.event(event)
    },
  }
}
