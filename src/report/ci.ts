import type { Output } from '../model/context.ts'
import { isCrowd } from './is-crowd.ts'
import type { Report } from './report.ts'
import type { RunEvent } from './run-documents.ts'

const odd = /[^a-z0-9_.-]/g

/** GitLab's markers. Source: docs.gitlab.com/ci/jobs/job_logs, "Custom collapsible sections": each marker has a line of its own. */
const marker = (kind: 'start' | 'end', name: string, header: string): string =>
  `\x1b[0Ksection_${kind}:${Math.floor(Date.now() / 1000)}:${name}\r\x1b[0K${header}`

/**
 * A report whose steps stand in one collapsible section a database. None starts collapsed: what failed must be seen.
 * Cursor movements there are none of, but GitLab's own markers.
 */
export const sectionedReport = (report: Report, stderr: Output): Report => {
  let open: string | undefined
  let crowded = false
  const close = (): void => {
    if (open !== undefined) stderr.write(marker('end', open, '\n'))
    open = undefined
  }
  const enter = ({ run, database, kind }: Extract<RunEvent, { event: 'step.started' }>): void => {
    const title = database ?? kind
    const name = `${run}_${title}`.toLowerCase().replace(odd, '_')
    if (name === open) return
    close()
    open = name
    stderr.write(marker('start', name, `${title}\n`))
  }
  return {
    ...report,
    event: (event, line) => {
      // A section for each of a thousand would hide what failed.
      if (event.event === 'run.started') crowded = isCrowd(event)
      if (event.event === 'step.started' && !crowded) enter(event)
      if (event.event === 'run.finished') close()
      report.event(event, line)
      if (event.event === 'step.finished' && event.status === 'failed') close()
    },
    result: (text) => {
      close()
      report.result(text)
    },
    close: () => {
      report.close()
      close()
    },
  }
}
