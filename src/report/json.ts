import type { Output } from '../model/context.ts'
import type { Report } from './report.ts'
import type { RunEvent } from './run-documents.ts'

export const writeDocument = (output: Output, document: object): void => {
  output.write(`${JSON.stringify(document)}\n`)
}

/** One event a line on stdout; narration is left out, errors stand in the events. */
export const jsonReport = (stdout: Output): Report => ({
  event: (event: RunEvent) => writeDocument(stdout, event),
  note: () => {},
  result: () => {},
  progress: () => {},
  close: () => {},
})
